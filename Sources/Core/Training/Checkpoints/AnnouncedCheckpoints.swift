/// The checkpoints that a session's record announces. A run replaces and removes these, and nothing else that may lie in
/// its folder under such a name.
public struct AnnouncedCheckpoints: Sendable, Equatable {
  /// Of the run as it stands, ascending: it could go on from any of them.
  public private(set) var line: [Int]
  /// Those of steps that a later process went back behind as well.
  public private(set) var all: Set<Int>

  /// - Parameter replaced: announced once, and no part of the run as it stands.
  public init(line: [Int] = [], replaced: Set<Int> = []) {
    self.line = line.sorted()
    all = replaced.union(line)
  }

  mutating func add(_ step: Int) {
    line.removeAll { $0 >= step }
    line.append(step)
    all.insert(step)
  }

  /// What goes once the newest one is whole, if the last `count` are kept and the one of step `best`. Replaced ones of
  /// later steps stay until the run has reached their step.
  func surplus(keeping count: Int, best: Int?) -> [Int] {
    guard let newest = line.last else { return [] }
    let kept = Set(line.suffix(max(1, count)))
    return all.filter { $0 <= newest && !kept.contains($0) && $0 != best }.sorted()
  }

  mutating func remove(_ step: Int) {
    line.removeAll { $0 == step }
    all.remove(step)
  }
}
