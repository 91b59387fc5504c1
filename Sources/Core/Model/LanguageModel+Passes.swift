import Checkpoint
import Device

// MARK: A micro-batch's programs, and the memory that they run in

extension LanguageModel {
  /// Groups, in order, in micro-batches of at most `budget` rows.
  func split(_ groups: [PromptGroup], budget: Int) -> [MicroBatch] {
    MicroBatch.split(groups, tokenBudget: budget, everyRow: computesEveryRow, sharing: sharesPrefixes)
  }

  /// The shape of a pass over a micro-batch.
  func shape(_ batch: MicroBatch, adapter: AdapterLayout?, training: Bool) -> PassShape {
    PassShape(
      rows: batch.paddedRows, headRows: RowSpans.filled(batch.headRows.count), targets: batch.targets.count,
      adapterColumns: adapter?.activationColumns ?? 0, lowestLayer: training ? adapter?.reach?.layer ?? 0 : 0,
      training: training, recomputes: recomputesActivations, type: device.precision.elementType)
  }

  /// A pass over a micro-batch, with tensors in `arena`, which nobody has reserved yet.
  func pass(_ batch: MicroBatch, adapter: AdapterWeights?, _ shape: PassShape, _ memory: PassMemory) -> Pass {
    Pass(
      configuration: configuration, weights: weights, adapter: adapter, source: .batch(batch),
      rotations: rotations(batch.positions), shape: shape, memory: memory)
  }

  /// Makes the arena ready for a pass and its programs, which are made once more where the arena has moved.
  func reserve<Programs>(
    _ pass: Pass, _ plan: PassPlan, all: (Programs) -> Program, _ make: (Pass) -> Programs
  ) throws -> (pass: Pass, programs: Programs) {
    let before = arena.generation
    let programs = make(pass)
    try device.reserve(arena, plan: plan.tensors, program: all(programs))
    guard arena.generation != before else { return (pass, programs) }
    let moved = pass.with(plan.memory(in: arena))
    return (moved, make(moved))
  }

  /// Log-probs of the targets, in their order.
  func forward(_ batch: MicroBatch, adapter: AdapterWeights?) throws -> [Float] {
    let shape = shape(batch, adapter: adapter?.layout, training: false)
    let plan = PassPlan(decoder, shape)
    let ready = try reserve(
      pass(batch, adapter: adapter, shape, plan.memory(in: arena)), plan, all: { $0 }
    ) { decoder.forward($0, batch) }
    return run(ready.programs, of: ready.pass, batch)
  }

  func run(_ program: Program, of pass: Pass, _ batch: MicroBatch) -> [Float] {
    device.run(program, in: arena, betweenLayers: betweenLayers)
    return batch.targets.isEmpty ? [] : device.read(pass[.logProbs])
  }

  struct TrainingPass {
    let pass: Pass
    let forward, backward: Program
  }

  /// A micro-batch's forward and backward pass in one memory.
  func prepareTraining(
    _ batch: MicroBatch, adapter: AdapterWeights, gradients: AdapterGradients
  ) throws -> TrainingPass {
    let shape = shape(batch, adapter: adapter.layout, training: true)
    let plan = PassPlan(decoder, shape)
    let ready = try reserve(
      pass(batch, adapter: adapter, shape, plan.memory(in: arena)), plan, all: { $0.forward + $0.backward }
    ) { trainingPrograms($0, batch, gradients) }
    return TrainingPass(pass: ready.pass, forward: ready.programs.forward, backward: ready.programs.backward)
  }

  func trainingPrograms(
    _ pass: Pass, _ batch: MicroBatch, _ gradients: AdapterGradients
  ) -> (forward: Program, backward: Program) {
    let forward = decoder.forward(pass, batch)
    guard let reach = gradients.layout.reach, !batch.headRows.isEmpty else { return (forward, Program()) }
    return (forward, decoder.backward(pass, batch, reach: reach, gradients: gradients))
  }
}

extension MicroBatch {
  /// Log-probs of the targets as [group][response][token].
  func arrange(_ values: [Float]) -> [[[Float]]] {
    var result = emptyLogProbs
    for (target, value) in zip(targets, values) { result[target.group][target.response][target.position] = value }
    return result
  }
}
