/// One entry of the suite.
struct Measure: Sendable {
  let name: String
  let summary: String
  /// Left out unless named: takes many minutes, or gigabytes of memory or disk.
  var isLarge = false
  let run: @Sendable (Setting) throws -> [Row]
}

enum Catalogue {
  /// In the order they run: those that start other processes come first, while this one is small.
  static let measures: [Measure] = [
    startup, memory, screen, screenDemo, recording, peak, kernels, step, precisions, profile, scaling, lengths, lists,
    generation,
    tokenizer,
    jsonLines, largeData, shape1B, shape8B,
  ]
}

/// Something that keeps a measure from being taken.
struct Refusal: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
