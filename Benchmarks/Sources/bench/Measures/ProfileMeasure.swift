import CMeasure
import Foundation
import Model
import SpeedMeasurement

extension Catalogue {
  static let profile = Measure(
    name: "profile", summary: "where a step's processor time goes, by kind of kernel (a sample every millisecond)"
  ) { setting in
    let model = try setting.languageModel()
    let groups = try setting.pairs(16, vocabulary: model.configuration.vocabularySize)
    let probe = try StepProbe(model: model)
    let references = try probe.references(groups)
    try probe.step(groups, references: references)
    let steps = setting.rounds(5)
    guard cm_profile_start() == 0 else { throw Refusal("the system gives no profiling timer") }
    let before = ProcessorTime.now
    let wall = try seconds { for _ in 0..<steps { try probe.step(groups, references: references) } }
    let busy = ProcessorTime.now - before
    let count = Int(cm_profile_stop())
    guard count > 0, let base = cm_profile_samples() else { throw Refusal("no samples were taken") }
    let symbols = ProgramSymbols()
    var kinds: [String: Int] = [:]
    var names: [String: Int] = [:]
    for counter in UnsafeBufferPointer(start: base, count: count) {
      let place = symbols.place(UInt(counter))
      kinds[KernelKind.of(place), default: 0] += 1
      names[KernelKind.name(place), default: 0] += 1
    }
    func share(_ samples: Int) -> Double { Double(samples) / Double(count) * 100 }
    let available = wall * Double(setting.threads)
    var rows = kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
      Row($0.key, [share($0.value)], "% of busy")
    }
    rows.append(
      Row(
        "threads busy", [busy / available * 100], "%",
        note: "\(count) samples; less than 100 also where others use the machine"))
    let top = names.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(12)
    rows += top.map { Row("· " + String($0.key.prefix(38)), [share($0.value)], "% of busy") }
    return rows
  }
}

/// Names of functions to kinds of work. A function that no rule knows is counted as the engine's own code.
private enum KernelKind {
  private static let rules: [(kind: String, parts: [String])] = [
    ("head's soft-max", ["online_softmax", "joinSoftmax", "scale_rows"]),
    ("attention", ["softmax", "row_dots", "pair_rows", "transpose", "ttention"]),
    ("matrix products", ["gemm", "wide_rows", "few_rows"]),
    ("weights packed for products", ["pack_"]),
    ("memory asked for ahead", ["prefetch"]),
    ("threads looking for work", ["wb_workers", "help"]),
    ("norms", ["rms_norm", "layer_norm"]),
    ("rotary positions", ["rope"]),
    ("gate", ["gate_mul"]),
    ("optimizer", ["adamw", "sum_of_squares"]),
    ("conversions and sums", ["convert", "add_rows", "add_bias", "addTransposed", "scale"]),
  ]

  static func of(_ place: ProgramSymbols.Place) -> String {
    switch place {
    case .generated: return "generated code"
    case .library(let name):
      if name.contains("gomp") || name.contains("dispatch") { return "threads" }
      if name.contains("libswiftCore") { return "reference counts and arrays" }
      return name.contains("libc.") ? "memory set and copied" : name
    case .function(let name):
      return rules.first { $0.parts.contains { name.contains($0) } }?.kind ?? "the engine's other code"
    }
  }

  static func name(_ place: ProgramSymbols.Place) -> String {
    switch place {
    case .generated: "generated code"
    case .library(let name): name
    case .function(let name): name
    }
  }
}
