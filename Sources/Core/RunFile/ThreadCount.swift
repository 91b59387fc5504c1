/// How many threads a person may ask for: `training.threads` and `--threads`.
public enum ThreadCount {
  /// More than any machine that this program was made for has; each has scratch memory of its own.
  public static let allowed = 1...256

  /// The range as a refusal names it; nil for a count within it.
  public static func refusal(_ count: Int) -> String? {
    allowed.contains(count) ? nil : "\(count) is not between \(allowed.lowerBound) and \(allowed.upperBound)"
  }
}
