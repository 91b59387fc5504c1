/// "Did you mean": the nearest of some known names.
public enum NameSuggestion {
  /// The candidate nearest to `name`, if it is near enough to be a likely slip: at most a third of the longer name's
  /// letters, and at least one, have to change. Ties go to the first candidate. Failing that, the first candidate that
  /// contains a name of four letters or more ("zscore").
  public static func nearest(to name: String, among candidates: [String]) -> String? {
    let normalised = normalise(name)
    guard !normalised.isEmpty, normalised.count <= 64 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in candidates {
      let other = normalise(candidate)
      let limit = max(1, max(normalised.count, other.count) / 3)
      let distance = damerauLevenshtein(normalised, other)
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    if best == nil, normalised.count >= 4 {
      return candidates.first { String(normalise($0)).contains(String(normalised)) }
    }
    return best?.name
  }

  /// `, did you mean "…"?`, or nothing where no candidate is near.
  public static func hint(for name: String, among candidates: [String]) -> String {
    nearest(to: name, among: candidates).map { ", did you mean \"\($0)\"?" } ?? ""
  }

  /// `learning-rate`, `learningRate` and `Learning_Rate` are all the same slip.
  private static func normalise(_ name: String) -> [Character] {
    Array(name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " })
  }

  /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
  static func damerauLevenshtein(_ a: [Character], _ b: [Character]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforePrevious = [Int](repeating: 0, count: b.count + 1)
    var previous = Array(0...b.count)
    for i in 1...a.count {
      var current = [i] + [Int](repeating: 0, count: b.count)
      for j in 1...b.count {
        let substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        current[j] = min(substitution, previous[j] + 1, current[j - 1] + 1)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          current[j] = min(current[j], beforePrevious[j - 2] + 1)
        }
      }
      (beforePrevious, previous) = (previous, current)
    }
    return previous[b.count]
  }
}
