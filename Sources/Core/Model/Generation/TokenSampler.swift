import Base
import Foundation

/// Draws one token from a row of logits.
struct TokenSampler: Sendable {
  let settings: SamplingSettings

  func draw(_ logits: [Float], _ stream: inout RandomStream) -> Int32 {
    settings.greedy ? Self.largest(logits) : sampled(logits, stream.nextUniform())
  }

  /// Whether all logits are finite. Their exponents' largest is asked for, which takes a small part of a draw's time.
  static func canDraw(_ logits: [Float]) -> Bool {
    let exponent: UInt32 = 0x7F80_0000
    return logits.reduce(0) { max($0, $1.bitPattern & exponent) } < exponent
  }

  /// The first index of the largest logit.
  static func largest(_ logits: [Float]) -> Int32 {
    var best = 0
    for index in 1..<max(1, logits.count) where logits[index] > logits[best] { best = index }
    return Int32(best)
  }

  /// Inverse-transform sampling, in order of index, or of probability where topP cuts the tail.
  func sampled(_ logits: [Float], _ uniform: Double) -> Int32 {
    let maximum = Double(logits.max() ?? 0)
    let weights = logits.map { exp((Double($0) - maximum) / settings.temperature) }
    let total = weights.reduce(0, +)
    guard settings.topP < 1 else {
      return Int32(Self.pick(weights.indices, uniform * total) { weights[$0] })
    }
    // A token under this share cannot belong to the nucleus: all such together stay below 1 − topP.
    let floor = (1 - settings.topP) * total / Double(max(1, logits.count))
    let candidates = weights.indices.filter { weights[$0] >= floor }
      .sorted { weights[$0] == weights[$1] ? $0 < $1 : weights[$0] > weights[$1] }
    var kept = 0.0
    var count = 0
    while count < candidates.count, kept < settings.topP * total {
      kept += weights[candidates[count]]
      count += 1
    }
    return Int32(Self.pick(candidates.prefix(max(1, count)), uniform * kept) { weights[$0] })
  }

  /// The first item at which the running sum exceeds `target`; the last with any weight where rounding leaves none.
  private static func pick(_ items: some Collection<Int>, _ target: Double, weight: (Int) -> Double) -> Int {
    var sum = 0.0
    var last = items.first ?? 0
    for item in items {
      let value = weight(item)
      if value > 0 { last = item }
      sum += value
      if sum > target { return item }
    }
    return last
  }
}
