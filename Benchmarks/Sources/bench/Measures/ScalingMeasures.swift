import Foundation
import Model
import SpeedMeasurement

extension Catalogue {
  static let scaling = Measure(
    name: "threads", summary: "one thread against two: the same bits, and the speed"
  ) { setting in
    var times: [Int: [Double]] = [1: [], 2: []]
    var parameters: [Int: [Float]] = [:]
    let models = try [1, 2].map { try setting.languageModel(threads: $0) }
    let groups = try setting.pairs(16, vocabulary: models[0].configuration.vocabularySize)
    let probes = try models.map { try StepProbe(model: $0) }
    let references = try probes.map { try $0.references(groups) }
    for (probe, reference) in zip(probes, references) { try probe.step(groups, references: reference) }
    for _ in 0..<setting.rounds(5) {
      for (probe, reference) in zip(probes, references) {
        let time = try seconds { try probe.step(groups, references: reference) }
        times[probe.model.device.threads]?.append(time)
      }
    }
    for probe in probes { parameters[probe.model.device.threads] = probe.adapter.parameters.array }
    let one = times[1] ?? []
    let two = times[2] ?? []
    let same = parameters[1]?.map(\.bitPattern) == parameters[2]?.map(\.bitPattern) && references[0] == references[1]
    return [
      Row("speed of 2 threads to 1", zip(one, two).map { $0 / $1 }, "×", bar: .atLeast(1.85)),
      Row(
        "adapter bit-identical after \(one.count + 1) steps", [same ? 1 : 0], "1 = yes", bar: .atLeast(1)),
    ]
  }

  static let lengths = Measure(
    name: "lengths", summary: "time per required FLOP and memory, from 256 to 4,096 tokens of one prompt"
  ) { setting in
    let model = try setting.languageModel()
    let sizes = setting.quick ? [64, 256] : [256, 512, 1024, 2048, 4096]
    let vocabulary = model.configuration.vocabularySize
    // Two responses share what the prompt leaves: an eighth each.
    let work = sizes.map { size -> [PromptGroup] in
      var synthetic = SyntheticPrompts()
      synthetic.meanPrompt = Double(size - 2 * (size / 8))
      synthetic.meanResponse = Double(size / 8)
      let group = synthetic.groups(1, vocabulary: vocabulary)[0]
      let responses = group.responses.map { Array($0.prefix(size / 8)) }
      let filled = responses.map { $0 + [Int32](repeating: 1, count: size / 8 - $0.count) }
      return [PromptGroup(prompt: group.prompt, responses: filled)]
    }
    let probe = try StepProbe(model: model)
    var times = [[Double]](repeating: [], count: sizes.count)
    var memory: [Double] = []
    // Far from the reference a loss saturates, its slopes are exactly 0, and the backward pass has nothing to do.
    var references: [[[Double]]] = []
    for groups in work {
      ResidentMemory.resetPeak()
      references.append(try probe.references(groups))
      try probe.step(groups, references: references[references.count - 1])
      memory.append(Double(ResidentMemory.peak) * 1e-6)
    }
    for _ in 0..<setting.rounds(5) {
      for (index, groups) in work.enumerated() {
        let flops = RequiredFlops.step(groups, model: model.configuration, adapter: StepProbe.lora).total
        // A short step is repeated: alone it would be too short to time.
        let repeats = max(1, sizes[sizes.count - 1] / sizes[index] / 2)
        let time = try seconds {
          // As good as no step: the reference stays near.
          for _ in 0..<repeats { try probe.step(groups, references: references[index], learningRate: 1e-9) }
        }
        times[index].append(time / Double(repeats) / flops * 1e12)
      }
    }
    var rows = sizes.indices.map {
      Row(
        "\(sizes[$0]) tokens", times[$0], "ms/GFLOP",
        note: String(format: "at most %.0f MB resident", memory[$0]))
    }
    let spread = times[0].indices.map { round in
      let values = times.map { $0[round] }
      return (values.max() ?? .nan) / (values.min() ?? .nan)
    }
    rows.append(Row("slowest to fastest length", spread, "×", bar: .atMost(1.5)))
    if let first = memory.first, let last = memory.last {
      rows.append(
        Row("memory a token, shortest to longest", [(last - first) / Double(sizes[sizes.count - 1] - sizes[0])], "MB"))
    }
    return rows
  }

  static let lists = Measure(
    name: "lists", summary: "a step over 8 responses a prompt against one over 2, per token"
  ) { setting in
    let model = try setting.languageModel()
    let vocabulary = model.configuration.vocabularySize
    let work = [(2, 16), (8, 6)].map { responses, count -> [PromptGroup] in
      var synthetic = SyntheticPrompts()
      synthetic.responses = responses
      return synthetic.groups(setting.quick ? count / 2 : count, vocabulary: vocabulary)
    }
    let probe = try StepProbe(model: model)
    let references = try work.map { try probe.references($0) }
    let flops = work.map { RequiredFlops.step($0, model: model.configuration, adapter: StepProbe.lora).total }
    for (groups, reference) in zip(work, references) { try probe.step(groups, references: reference) }
    var times: [[Double]] = [[], []]
    for _ in 0..<setting.rounds(7) {
      for index in work.indices {
        times[index].append(try seconds { try probe.step(work[index], references: references[index]) })
      }
    }
    let tokens = work.map { Double($0.reduce(0) { $0 + $1.tokenCount }) }
    return [
      Row(
        "n = 8 to n = 2, time per token", zip(times[1], times[0]).map { ($0 / tokens[1]) / ($1 / tokens[0]) }, "×",
        bar: .atMost(1.1), note: "a token of a long list holds more of the head's work"),
      Row(
        "n = 8 to n = 2, time per required FLOP", zip(times[1], times[0]).map { ($0 / flops[1]) / ($1 / flops[0]) }, "×"
      ),
      Row("n = 2, tokens", times[0].map { tokens[0] / $0 }, "tokens/s"),
      Row("n = 8, tokens", times[1].map { tokens[1] / $0 }, "tokens/s"),
    ]
  }
}
