/// Quantiles of a sample.
public enum Quantile {
  /// The value below which `share` of the sample lies, 0 ≤ share ≤ 1: linear between the two nearest order statistics,
  /// as NumPy's default. NaN of no values.
  ///
  /// - Parameter sorted: the sample in ascending order.
  public static func ofSorted(_ sorted: [Double], share: Double) -> Double {
    guard let last = sorted.indices.last else { return .nan }
    let position = share * Double(last)
    let lower = Int(position)
    let upper = min(lower + 1, last)
    return sorted[lower] + (position - Double(lower)) * (sorted[upper] - sorted[lower])
  }
}
