/// A group whose prompt begins elsewhere, with its keys in one run again: the shared rows, then its own.
///
/// Segments and their queries are counted in that run; `shift` takes a row of it back to the pass's. Without shared rows
/// the group and its keys are what they were.
struct KeyOrder {
  let group: AttentionGroup
  let keys, values: Matrix
  /// Row of the pass = row of the run + shift, from the shared rows on.
  let shift: Int

  /// - Parameters:
  ///   - k, v: one head's [T, d].
  ///   - memory: takes d numbers of fp32's size for every row, where rows are shared.
  init(_ group: AttentionGroup, k: Matrix, v: Matrix, runtime: CPUDevice, memory: inout ScratchMemory) {
    let shared = group.shared.count
    guard shared > 0 else {
      self.group = group
      (keys, values) = (k, v)
      shift = 0
      return
    }
    let count = shared + group.rows.count
    (keys, values) = (memory.take(count, k.columns, k.type), memory.take(count, v.columns, v.type))
    for (x, y) in [(k, keys), (v, values)] {
      runtime.convert(x.rows(group.shared), into: y.rows(0..<shared))
      runtime.convert(x.rows(group.rows), into: y.rows(shared..<count))
    }
    let shift = group.rows.lowerBound - shared
    func back(_ rows: Range<Int>) -> Range<Int> { rows.lowerBound - shift..<rows.upperBound - shift }
    self.shift = shift
    self.group = AttentionGroup(
      rows: 0..<count,
      segments: group.segments.map { segment in
        // A prompt's own rows go on where the shared ones end; a response sees both.
        segment.prefix.isEmpty
          ? AttentionSegment(rows: 0..<back(segment.rows).upperBound, prefix: 0..<0, queries: back(segment.queries))
          : AttentionSegment(
            rows: back(segment.rows), prefix: 0..<back(segment.prefix).upperBound, queries: back(segment.queries))
      })
  }

  /// Rows of the pass.
  func rows(_ run: Range<Int>) -> Range<Int> { run.lowerBound + shift..<run.upperBound + shift }
}
