import Checkpoint
import Device

extension LanguageModel {
  /// An adapter of DoRA as whole weights: m / ‖W + scale · BA‖ · (W + scale · BA) in the compute type, computed once.
  /// Every row has a factor of its own, so no low-rank term can say it; the copy lives beside the model's own weights,
  /// which the reference still computes with.
  /// - Throws: `MemoryError` or `CheckpointError`.
  func fold(_ adapter: LoRAAdapter) throws -> AdapterWeights {
    let modules = adapter.configuration.modules(of: configuration)
    let folded = try zip(adapter.layout.linears, modules).map { linear, module in
      let update = try LowRankUpdate(module, adapter.tensors(of: linear), model: configuration, file: "the adapter")
      return (linear: linear, weight: try fold(linear, update))
    }
    return AdapterWeights(folded: folded, model: configuration)
  }

  private func fold(_ linear: AdaptedLinear, _ update: LowRankUpdate) throws -> DeviceMemory {
    let weight = try device.allocate(rows: linear.outputs, columns: linear.inputs, type: device.precision.elementType)
    let longest = 256
    let staging = try device.allocate(rows: min(longest, linear.outputs), columns: linear.inputs, type: .fp32)
    for (kind, part) in zip(linear.address.module.parts, linear.rows) {
      let base = weights.layers[linear.layer][kind].weight
      for first in stride(from: 0, to: part.count, by: longest) {
        let count = min(longest, part.count - first)
        let rows = staging.tensor.rows(0..<count)
        let place = part.lowerBound + first
        try convert(base.rows(first..<first + count), to: rows)
        let merged = device.mapRows(rows) { row, values in update.merged(row: place + row, base: values) }
        device.write(merged.flatMap { $0 }, to: rows)
        try convert(rows, to: weight.tensor.rows(place..<place + count))
      }
    }
    return weight
  }

  private func convert(_ input: Tensor, to output: Tensor) throws {
    var program = Program()
    program.add(.copy(Copy(rows: RowSpans(rows: input.rows), input: input, output: output)))
    try device.reserve(arena, plan: TensorPlan(), program: program)
    device.run(program, in: arena)
  }

  /// Bytes of the weights that an adapter of DoRA puts in place of the model's.
  func foldedByteCount(_ configuration: LoRAConfiguration) -> Int {
    guard configuration.usesDoRA else { return 0 }
    let elements = configuration.modules(of: self.configuration).reduce(0) { sum, module in
      let (outputs, inputs) = module.address.module.shape(in: self.configuration)
      return sum + outputs * inputs
    }
    return elements * device.precision.elementType.byteWidth
  }
}
