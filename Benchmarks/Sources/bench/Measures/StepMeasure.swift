import CMeasure
import Foundation
import Model
import DeviceCPU
import SpeedMeasurement

extension Catalogue {
  static let step = Measure(
    name: "step", summary: "an optimizer step of 16 pairs: share of peak, tokens and pairs a second, memory"
  ) { setting in
    let model = try setting.languageModel()
    let groups = try setting.pairs(16, vocabulary: model.configuration.vocabularySize)
    let cached = try StepReadings.take(model: model, groups: groups, rounds: setting.rounds(7), live: false)
    let live = try StepReadings.take(model: model, groups: groups, rounds: setting.rounds(5), live: true)
    return cached.rows("cached reference", bar: .atLeast(75)) + live.rows("live reference", bar: nil)
  }

  static let precisions = Measure(
    name: "precisions", summary: "an optimizer step in bf16 against one in fp32, in turn"
  ) { setting in
    let models = try [Precision.bf16, .fp32].map { try setting.languageModel(precision: $0) }
    let groups = try setting.pairs(16, vocabulary: models[0].configuration.vocabularySize)
    let probes = try models.map { try StepProbe(model: $0) }
    let references = try probes.map { try $0.references(groups) }
    for (probe, reference) in zip(probes, references) { try probe.step(groups, references: reference) }
    var times: [[Double]] = [[], []]
    for _ in 0..<setting.rounds(7) {
      for index in probes.indices {
        times[index].append(try seconds { try probes[index].step(groups, references: references[index]) })
      }
    }
    return [
      Row("step in bf16 to one in fp32", zip(times[0], times[1]).map { $0 / $1 }, "×", bar: .atMost(1.03)),
      Row("bf16", times[0], "s"), Row("fp32", times[1], "s"),
    ]
  }
}

/// Steps between two readings of the peak each.
struct StepReadings {
  let groups: [PromptGroup]
  let flops: RequiredFlops
  private(set) var times: [Double] = []
  /// User and system seconds of all threads together.
  private(set) var processorTimes: [Double] = []
  private(set) var peaks: [Double] = []
  private var threads = 1
  /// Bytes.
  private(set) var memory = 0

  static func take(model: LanguageModel, groups: [PromptGroup], rounds: Int, live: Bool) throws -> StepReadings {
    let probe = try StepProbe(model: model)
    let flops = RequiredFlops.step(
      groups, model: model.configuration, adapter: StepProbe.lora, liveReference: live)
    var readings = StepReadings(groups: groups, flops: flops)
    ResidentMemory.resetPeak()
    var references = try probe.references(groups)
    try probe.step(groups, references: references)
    readings.memory = ResidentMemory.peak
    let peak = ProductPeak(runtime: model.runtime)
    for _ in 0..<rounds {
      let before = peak.measure()
      let processor = ProcessorTime.now
      readings.times.append(
        try seconds {
          if live { references = try probe.references(groups) }
          try probe.step(groups, references: references)
        })
      readings.processorTimes.append(ProcessorTime.now - processor)
      readings.threads = model.device.threads
      readings.peaks.append((before + peak.measure()) / 2)
    }
    return readings
  }

  var shares: [Double] { zip(times, peaks).map { flops.total / $0 / $1 * 100 } }
  /// As if no thread ever waited, for a core or for another thread: what is left on a busy machine.
  private var busyShares: [Double] {
    zip(processorTimes, peaks).map { flops.total / ($0 / Double(threads)) / $1 * 100 }
  }
  var tokens: Int { groups.reduce(0) { $0 + $1.tokenCount } }

  func rows(_ name: String, bar: Row.Bar?) -> [Row] {
    let parts = [
      ("body", flops.body), ("head", flops.head), ("LoRA", flops.adapter), ("attention", flops.attention),
    ].map { String(format: "%@ %.0f %%", $0.0, $0.1 / flops.total * 100) }
    return [
      Row(
        "\(name), share of peak", shares, "%", bar: bar,
        note: String(format: "%.3g required TFLOP: ", flops.total * 1e-12) + parts.joined(separator: ", ")),
      Row("\(name), the same by processor time", busyShares, "%"),
      Row("\(name), step", times, "s", note: "\(groups.count) prompts, \(tokens) tokens"),
      Row("\(name), pairs", times.map { Double(groups.count) / $0 }, "pairs/s"),
      Row("\(name), tokens", times.map { Double(tokens) / $0 }, "tokens/s"),
      Row("\(name), peak beside it", peaks.map { $0 * 1e-9 }, "GFLOP/s"),
      Row("\(name), resident memory", [Double(memory) * 1e-6], "MB", note: "in this process; see memory for a run's"),
    ]
  }
}
