import Foundation

/// How far a job is, and what follows from that: how fast it goes and how long it has left.
public struct JobProgress: Sendable, Equatable {
  /// What is being done, in a few words: "scoring rows.jsonl".
  public var what: String
  /// Units of work that this process has done: rows, steps.
  public var done: Int
  /// Share of the whole work that is done, 0 … 1; nil where the end is not known, as with a pipe.
  public var fraction: Double?
  /// The share that was done already when this process began, as after a resume.
  public var begunAt: Double
  /// Seconds since this process began.
  public var elapsed: Double

  public init(what: String, done: Int, fraction: Double?, begunAt: Double = 0, elapsed: Double) {
    self.what = what
    self.done = done
    self.fraction = fraction
    self.begunAt = begunAt
    self.elapsed = elapsed
  }

  /// Units a second; nil before the first unit.
  public var rate: Double? { done > 0 && elapsed > 0 ? Double(done) / elapsed : nil }

  /// Seconds that the rest takes at the speed so far; nil while that cannot be told.
  public var remaining: Double? {
    guard let fraction, fraction > begunAt else { return nil }
    return elapsed / (fraction - begunAt) * max(0, 1 - fraction)
  }

  /// "scoring rows.jsonl  42 %  12.5/s  1m15s left".
  public var line: String {
    var parts = [what]
    if let fraction { parts.append(String(format: "%.0f %%", fraction * 100)) }
    if let rate { parts.append(String(format: "%.1f/s", rate)) }
    if let remaining { parts.append(Self.duration(remaining) + " left") }
    return parts.joined(separator: "  ")
  }

  /// `width` cells, the done share of them heavy: "━━━━────".
  public static func bar(_ fraction: Double, width: Int = 24) -> String {
    // A hair more, so that a share such as 7 of 24 fills its seven cells.
    let full = min(width, max(0, Int(Double(width) * fraction + 1e-9)))
    return String(repeating: "━", count: full) + String(repeating: "─", count: width - full)
  }

  /// 75 s as "1m15s".
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "–" }
    let whole = Int(min(seconds, 1e15).rounded())
    if whole < 60 { return "\(whole)s" }
    if whole < 3600 { return "\(whole / 60)m\(String(format: "%02d", whole % 60))s" }
    return "\(whole / 3600)h\(String(format: "%02d", whole / 60 % 60))m"
  }
}
