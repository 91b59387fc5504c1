import Device

/// Log-probs of targets, and logits.
extension InstructionTwins {
  /// Several targets of one row, and the vocabulary's ends.
  private static func targets(rows: Int, vocabulary: Int) -> [LogProbs.Target] {
    (0..<rows).map { LogProbs.Target(row: $0, token: Int32($0 * 53 % vocabulary)) } + [
      LogProbs.Target(row: 0, token: Int32(vocabulary - 1)), LogProbs.Target(row: 2, token: 0),
    ]
  }

  /// Without a cap, and with one that most logits come near.
  private static let caps: [(name: String, cap: Float?)] = [("", nil), (", capped", 3)]

  static var logProbs: [Twin] {
    [(5, 8, 23, true), (5, 8, 23, false), (67, 72, 1025, true), (67, 72, 1025, false)].flatMap {
      rows, filled, vocabulary, keepsMean in
      caps.map { name, cap in
        Twin("\(rows) rows, \(vocabulary) tokens\(keepsMean ? ", with means" : "")\(name)") { o in
          let targets = targets(rows: rows, vocabulary: vocabulary)
          func softCap() -> LogProbs.SoftCap? {
            cap.map { LogProbs.SoftCap(cap: $0, slopes: keepsMean ? o.output(1, targets.count, .fp32) : nil) }
          }
          return .logProbs(
            LogProbs(
              hidden: o.input(filled, hidden, o.type), weight: o.input(vocabulary, hidden, o.type),
              targets: targets, output: o.output(1, targets.count, .fp32),
              mean: keepsMean ? o.output(filled, hidden, .fp32) : nil, softCap: softCap()))
        }
      }
    }
  }

  static var logProbsBackward: [Twin] {
    [(5, 8, 23, false), (67, 72, 1025, false), (67, 72, 1025, true)].flatMap { rows, filled, vocabulary, isCentered in
      caps.map { name, cap in
        Twin("\(rows) rows, \(vocabulary) tokens\(isCentered ? " of a LayerNorm" : "")\(name)") { o in
          let targets = targets(rows: rows, vocabulary: vocabulary)
          return .logProbsBackward(
            LogProbsBackward(
              weight: o.input(vocabulary, hidden, o.type), targets: targets, slopes: o.input(1, targets.count, .fp32),
              mean: o.input(filled, hidden, .fp32), normalized: o.input(filled, hidden, o.type),
              inverse: o.input(1, filled, .fp32, around: 2), normWeight: o.input(1, hidden, .fp32),
              isCentered: isCentered,
              sources: (0..<rows).map { 2 * $0 + 1 }, into: o.input(2 * rows + 3, hidden, .fp32),
              capSlopes: cap == nil ? nil : o.input(1, targets.count, .fp32)))
        }
      }
    }
  }

  /// The logits lie far below the cap, around it, and far above.
  static var softCapLogits: [Twin] {
    [Float(0.1), 3, 300].flatMap { scale in
      each("logits of ±\(scale)") { o, rows, total in
        .softCapLogits(
          SoftCapLogits(
            rows: rows, logits: o.input(total, total == 13 ? 4200 : 37, .fp32, scale: scale, defined: rows.ranges),
            cap: 3))
      }
    }
  }
}
