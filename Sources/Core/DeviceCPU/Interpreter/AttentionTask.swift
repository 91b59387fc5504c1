import Device
import Synchronization

/// One task of an attention: some query heads of one group, all of which read one key-value head. All heads that share
/// one go together, which prepares its keys and values once, unless the threads would not end together.
struct AttentionTask: Sendable, Equatable {
  /// Index among the attention's groups.
  let group: Int
  let heads: Range<Int>

  /// The tasks of all groups, the longest first. The query heads of as few groups as that takes, the longest ones, are
  /// tasks of their own: until no thread waits for more than a sixteenth of the time. Both ways give the same bits.
  ///
  /// - Parameters:
  ///   - heads: query heads; `share` of them, a divisor, read one key-value head.
  ///   - headsApart: whether all groups' heads are tasks of their own, or none's; nil leaves it to the balance.
  static func split(
    _ groups: [AttentionGroup], heads: Int, share: Int, window: Int? = nil, threads: Int, headsApart: Bool?
  ) -> [AttentionTask] {
    let works = groups.map { $0.work(window: window) }
    let order = groups.indices.sorted { (works[$1], $0) < (works[$0], $1) }
    func tasks(apart: Int) -> [(work: Int, task: AttentionTask)] {
      let unordered = order.enumerated().flatMap { position, group in
        let step = position < apart ? 1 : share
        return stride(from: 0, to: heads, by: step).map {
          (work: works[group] * step, task: AttentionTask(group: group, heads: $0..<$0 + step))
        }
      }
      return unordered.enumerated().sorted { ($1.element.work, $0.offset) < ($0.element.work, $1.offset) }.map(
        \.element)
    }
    if let headsApart { return tasks(apart: headsApart ? groups.count : 0).map(\.task) }

    let even = works.reduce(0, +) * heads / threads
    var best = tasks(apart: 0)
    var end = Self.end(best.map(\.work), threads: threads)
    for apart in 1..<(share > 1 ? groups.count + 1 : 1) where end > even + even / 16 {
      let found = tasks(apart: apart)
      let ends = Self.end(found.map(\.work), threads: threads)
      if ends < end { (best, end) = (found, ends) }
    }
    return best.map(\.task)
  }

  /// When the last thread ends if each takes the next task as soon as it has none.
  private static func end(_ works: [Int], threads: Int) -> Int {
    var ends = [Int](repeating: 0, count: threads)
    for work in works {
      guard let next = ends.indices.min(by: { ends[$0] < ends[$1] }) else { break }
      ends[next] += work
    }
    return ends.max() ?? 0
  }
}

extension AttentionGroup {
  /// About how many pairs of a query and a key it sees there are: what one head costs.
  fileprivate func work(window: Int?) -> Int {
    segments.reduce(0) { sum, segment in
      let queries = segment.queries
      let before = shared.count + segment.prefix.count + queries.lowerBound - segment.rows.lowerBound
      // The first queries see all that is before them, the others what the window holds.
      let growing = window.map { min(queries.count, max(0, $0 - before)) } ?? queries.count
      let others = window.map { (queries.count - growing) * $0 } ?? 0
      return sum + growing * (before + (growing + 1) / 2) + others
    }
  }
}

/// The splits of the last few attentions: every layer of a pass has the same groups, and asks again.
final class AttentionSplits: Sendable {
  private struct Entry {
    let groups: [AttentionGroup]
    let heads, share: Int
    let window: Int?
    let tasks: [AttentionTask]
  }

  private let entries = Mutex<[Entry]>([])

  func tasks(
    _ groups: [AttentionGroup], heads: Int, share: Int, window: Int?, threads: Int, headsApart: Bool?
  ) -> [AttentionTask] {
    entries.withLock { entries in
      let known = entries.first {
        $0.groups == groups && $0.heads == heads && $0.share == share && $0.window == window
      }
      if let known { return known.tasks }
      // Heads that are tasks of their own cannot add to the gradients of shared keys in their order.
      let isShared = groups.contains { !$0.shared.isEmpty }
      let tasks = AttentionTask.split(
        groups, heads: heads, share: share, window: window, threads: threads, headsApart: isShared ? false : headsApart)
      if entries.count == 4 { entries.removeFirst() }
      entries.append(Entry(groups: groups, heads: heads, share: share, window: window, tasks: tasks))
      return tasks
    }
  }
}
