import Checkpoint
import Numerics

/// One task of an attention: some query heads of one group, all of which read one key-value head.
struct AttentionTask: Sendable, Equatable {
  /// Index among the micro-batch's groups.
  let group: Int
  let heads: Range<Int>

  /// From this many rows on a group's query heads are tasks of their own: one long prompt must feed every thread.
  /// Below, the heads of a key-value head go together, which prepares its keys and values once.
  static let longGroup = 512

  /// The tasks of all groups, the longest first, so that the threads end together.
  static func split(
    _ groups: [AttentionGroup], longGroup: Int, _ configuration: ModelConfiguration
  ) -> [AttentionTask] {
    let share = configuration.headCount / configuration.keyValueHeadCount
    let order = groups.indices.sorted {
      (groups[$1].rows.count, $0) < (groups[$0].rows.count, $1)
    }
    return order.flatMap { group in
      let step = groups[group].rows.count > longGroup ? 1 : share
      return stride(from: 0, to: configuration.headCount, by: step).map {
        AttentionTask(group: group, heads: $0..<$0 + step)
      }
    }
  }
}
