import Device

// MARK: Attention of all heads, spread over the pool

extension CPUDevice {
  func tasks(_ attention: Attention) -> [AttentionTask] {
    splits.tasks(
      attention.groups, heads: attention.headCount, share: attention.headsPerKey, window: attention.mask.window,
      threads: threads, headsApart: headsApart)
  }

  func run(_ attention: Attention, _ space: Workspace) {
    let operands = AttentionOperands(attention)
    let head = AttentionHead(
      runtime: self, headDimension: attention.headDimension, scale: attention.scale, mask: attention.mask)
    let tasks = tasks(attention)
    clear(operands.o, beside: attention.queries)
    parallel(tasks.count) { index, worker in
      let task = tasks[index]
      let (query, key) = (operands.queryColumns(task.heads), operands.keyColumns(task.heads))
      head.forward(
        attention.groups[task.group], q: operands.q.columns(query), k: operands.k.columns(key),
        v: operands.v.columns(key), o: operands.o.columns(query), logSums: operands.logSums.rows(task.heads),
        scratch: space.scratch[worker])
    }
  }

  func run(_ attention: AttentionBackward, _ space: Workspace) {
    let forward = attention.forward
    let operands = AttentionOperands(forward)
    let joined = JoinedGradients(attention, tasks: tasks(forward), memory: space.attentionMemory())
    let head = AttentionHead(
      runtime: self, headDimension: forward.headDimension, scale: forward.scale, mask: forward.mask)
    let turn = attention.rotation.map { RotaryTurn(table: Matrix($0.table), positions: $0.positions) }
    let gradient = Matrix(attention.gradient)
    for matrix in [operands.k, operands.v] { clear(matrix, beside: forward.groups.map(\.rows)) }
    clear(operands.q, beside: forward.queries)
    let tasks = joined.tasks
    parallel(tasks.count) { index, worker in
      let task = tasks[index]
      let query = operands.queryColumns(task.heads)
      let first = operands.queryColumns(task.heads.lowerBound..<task.heads.lowerBound + 1)
      let key = operands.keyColumns(task.heads)
      let (q, k, v) = (operands.q.columns(query), operands.k.columns(key), operands.v.columns(key))
      // Other tasks still read the keys and values of a group whose heads are tasks of their own.
      let gradients =
        if task.heads.count < operands.share, let apart = joined.apart {
          AttentionGradients(
            dq: q, dk: apart.k.columns(first), dv: apart.v.columns(first), queryTurn: turn)
        } else {
          AttentionGradients(
            dq: q, dk: k, dv: v, sharedKeys: joined.sharedRows(\.k, group: task.group)?.columns(key),
            sharedValues: joined.sharedRows(\.v, group: task.group)?.columns(key), queryTurn: turn, keyTurn: turn)
        }
      head.backward(
        forward.groups[task.group], q: q, k: k, v: v, o: operands.o.columns(query),
        logSums: operands.logSums.rows(task.heads), d: gradient.columns(query), into: gradients,
        scratch: space.scratch[worker])
    }
    joinHeads(joined, operands, turn, space)
    joinShared(joined, operands, turn, space)
  }

  /// Zeros in the rows of x that lie in none of `ranges`, which ascend.
  private func clear(_ x: Matrix, beside ranges: [Range<Int>]) {
    var start = 0
    for range in ranges.filter({ !$0.isEmpty }) + [x.rows..<x.rows] {
      zero(x.rows(start..<range.lowerBound))
      start = range.upperBound
    }
  }

  // MARK: Adding up

  /// Adds up the query heads that share a key-value head, where they were separate tasks.
  private func joinHeads(
    _ joined: JoinedGradients, _ operands: AttentionOperands, _ turn: RotaryTurn?, _ space: Workspace
  ) {
    guard let apart = joined.apart else { return }
    let blocks = joined.groupsApart.flatMap { index in
      let rows = joined.groups[index].rows
      let blocks = RowBlocks(count: rows.count, longest: 64, threads: threads)
      return (0..<blocks.count).map {
        blocks[$0].lowerBound + rows.lowerBound..<blocks[$0].upperBound + rows.lowerBound
      }
    }
    parallel(blocks.count) { index, worker in
      let rows = blocks[index]
      var scratch = ScratchMemory(space.scratch[worker])
      let sum = scratch.take(rows.count, operands.k.columns)
      sumHeads(apart.k.rows(rows), operands, into: sum)
      self.turn(
        sum, headDimension: operands.dimension, by: turn, rows: rows, backward: true, into: operands.k.rows(rows))
      sumHeads(apart.v.rows(rows), operands, into: sum)
      convert(sum, into: operands.v.rows(rows))
    }
  }

  private func sumHeads(_ x: Matrix, _ operands: AttentionOperands, into y: Matrix) {
    for key in 0..<operands.keyHeads {
      let target = y.columns(operands.columns(key))
      convert(x.columns(operands.columns(key * operands.share)), into: target)
      for query in 1..<max(1, operands.share) {
        add(x.columns(operands.columns(key * operands.share + query)), to: target)
      }
    }
  }

  /// Adds up, group by group, what the groups found for the keys and values that they share.
  private func joinShared(
    _ joined: JoinedGradients, _ operands: AttentionOperands, _ turn: RotaryTurn?, _ space: Workspace
  ) {
    guard joined.sharedCount > 0 else { return }
    let blocks = RowBlocks(count: joined.sharedCount, longest: 64, threads: threads)
    parallel(blocks.count) { index, worker in
      let rows = blocks[index]
      var scratch = ScratchMemory(space.scratch[worker])
      let sum = scratch.take(rows.count, operands.k.columns)
      func join(_ part: KeyPath<JoinedGradients.Pair, Matrix>) {
        for group in joined.groups.indices {
          guard let found = joined.sharedRows(part, group: group)?.rows(rows) else { continue }
          if group == 0 { convert(found, into: sum) } else { add(found, to: sum) }
        }
      }
      join(\.k)
      self.turn(
        sum, headDimension: operands.dimension, by: turn, rows: rows, backward: true, into: operands.k.rows(rows))
      join(\.v)
      convert(sum, into: operands.v.rows(rows))
    }
  }

  // MARK: Memory

  func attentionCount(_ attention: Attention) -> Int {
    AttentionHead.scratchCount(
      rows: attention.groups.map { $0.shared.count + $0.rows.count }.max() ?? 0,
      headDimension: attention.headDimension)
  }

  /// fp32 numbers for gradients of keys and values that are added up afterwards.
  ///
  /// - Parameter bound: for any way in which as many rows may be grouped: all heads apart, and sharing wherever it pays.
  func joinedGradientCount(_ attention: AttentionBackward, bound: Bool) -> Int {
    let forward = attention.forward
    if bound {
      let apart = forward.headsPerKey > 1 ? 2 * (forward.q.rows * forward.q.columns + 16) : 0
      return apart + 2 * (forward.q.rows * 3 / 2 * forward.k.columns + 16)
    }
    return JoinedGradients.count(forward, tasks: tasks(forward))
  }
}

extension Attention {
  /// The rows that ask, ascending.
  fileprivate var queries: [Range<Int>] { groups.flatMap { $0.segments.map(\.queries) } }
}

/// The matrices of an attention and where a head's columns lie in them.
struct AttentionOperands: Sendable {
  let q, k, v, o, logSums: Matrix
  let dimension, share, keyHeads: Int

  init(_ attention: Attention) {
    (q, k, v, o) = (Matrix(attention.q), Matrix(attention.k), Matrix(attention.v), Matrix(attention.o))
    logSums = Matrix(attention.logSums)
    dimension = attention.headDimension
    share = attention.headsPerKey
    keyHeads = attention.keyValueHeadCount
  }

  func columns(_ head: Int) -> Range<Int> { head * dimension..<(head + 1) * dimension }

  func queryColumns(_ heads: Range<Int>) -> Range<Int> { heads.lowerBound * dimension..<heads.upperBound * dimension }

  /// Of the key-value head that these query heads read.
  func keyColumns(_ heads: Range<Int>) -> Range<Int> { columns(heads.lowerBound / share) }
}

/// dL/dk and dL/dv that are added up when all tasks are done: by query head [T, heads · d], where a group's heads are
/// tasks of their own, or, of shared rows, by group [groups · shared, kvHeads · d].
private struct JoinedGradients: Sendable {
  struct Pair: Sendable {
    let k, v: Matrix
  }

  let groups: [AttentionGroup]
  let tasks: [AttentionTask]
  /// The groups whose query heads are tasks of their own.
  let groupsApart: [Int]
  let apart: Pair?
  let shared: Pair?
  let sharedCount: Int

  init(_ attention: AttentionBackward, tasks: [AttentionTask], memory: ScratchMemory) {
    var memory = memory
    let forward = attention.forward
    groups = forward.groups
    self.tasks = tasks
    let share = forward.headsPerKey
    groupsApart = tasks.filter { $0.heads.count < share && $0.heads.lowerBound == 0 }.map(\.group)
    func pair(_ rows: Int, _ columns: Int) -> Pair {
      Pair(k: memory.take(rows, columns), v: memory.take(rows, columns))
    }
    apart = groupsApart.isEmpty ? nil : pair(forward.q.rows, forward.q.columns)
    sharedCount = Self.sharedCount(groups)
    shared = sharedCount > 0 ? pair(sharedCount * groups.count, forward.k.columns) : nil
  }

  static func sharedCount(_ groups: [AttentionGroup]) -> Int { groups.map(\.shared.count).max() ?? 0 }

  static func count(_ forward: Attention, tasks: [AttentionTask]) -> Int {
    let apart = tasks.contains { $0.heads.count < forward.headsPerKey }
    let shared = sharedCount(forward.groups) * forward.groups.count
    return (apart ? 2 * (forward.q.rows * forward.q.columns + 16) : 0)
      + (shared > 0 ? 2 * (shared * forward.k.columns + 16) : 0)
  }

  func sharedRows(_ part: KeyPath<Pair, Matrix>, group: Int) -> Matrix? {
    shared?[keyPath: part].rows(group * sharedCount..<(group + 1) * sharedCount)
  }
}
