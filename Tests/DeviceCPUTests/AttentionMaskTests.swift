import Foundation
import Testing

@testable import Device
@testable import DeviceCPU

/// What a window and a cap must keep: a row's bits depend on what it sees and on nothing else.
@Suite struct AttentionMaskTests {
  static let cases: [(level: KernelLevel, type: ElementType, window: Int)] = KernelLevel.available.flatMap { level in
    [ElementType.fp32, .bf16].flatMap { type in [1, 19, 64, 100].map { (level, type, $0) } }
  }
  private let dimension = 16
  private let heads = 2

  private struct Found {
    let o, logSums, dq, dk, dv: Matrix
    /// o, log-sums and dq of a query, as bits.
    func bits(_ row: Int) -> [UInt32] {
      let sums = (0..<logSums.rows).map { logSums[$0, row] }
      return (o.rows(row..<row + 1).values + sums + dq.rows(row..<row + 1).values).map(\.bitPattern)
    }
    func bits(_ rows: Range<Int>) -> [[UInt32]] { rows.map(bits) }
  }

  /// q, k, v, dL/do: the same numbers for the same place of `rows`, which name where each row's come from.
  private func inputs(_ rows: [Int], _ type: ElementType) -> [Matrix] {
    [heads, 1, 1, heads].enumerated().map { index, heads in
      let source = random(400, heads * dimension, seed: UInt64(index + 1)).values
      let columns = heads * dimension
      let values = rows.flatMap { source[$0 * columns..<($0 + 1) * columns] }
      return Matrix(values, rows: rows.count, columns: columns, type: type)
    }
  }

  private func attend(
    _ group: AttentionGroup, _ given: [Matrix], level: KernelLevel, mask: AttentionMask
  ) -> Found {
    let device = CPUDevice(threads: 1, precision: .fp32, kernelLevel: level)
    let head = AttentionHead(runtime: device, headDimension: dimension, scale: 0.3, mask: mask)
    let rows = given[0].rows
    let found = Found(
      o: Matrix(zeros: rows, heads * dimension, given[0].type), logSums: Matrix(zeros: heads, rows),
      dq: Matrix(zeros: rows, heads * dimension), dk: Matrix(zeros: rows, dimension),
      dv: Matrix(zeros: rows, dimension))
    let scratch = Matrix(zeros: 1, AttentionHead.scratchCount(rows: rows, headDimension: dimension))
    // Whatever is read without being written shows.
    device.fill(scratch, with: .nan)
    head.forward(
      group, q: given[0], k: given[1], v: given[2], o: found.o, logSums: found.logSums, scratch: scratch)
    device.fill(scratch, with: .nan)
    let shared = group.shared.count
    head.backward(
      group, q: given[0], k: given[1], v: given[2], o: found.o, logSums: found.logSums, d: given[3],
      into: AttentionGradients(
        dq: found.dq, dk: found.dk, dv: found.dv, sharedKeys: shared > 0 ? Matrix(zeros: shared, dimension) : nil,
        sharedValues: shared > 0 ? Matrix(zeros: shared, dimension) : nil), scratch: scratch)
    return found
  }

  /// A prompt of 131 rows and responses of so many.
  private func group(_ responses: [Int], queries: Range<Int>? = nil) -> AttentionGroup {
    var segments = [AttentionSegment(rows: 0..<131, prefix: 0..<0, queries: queries)]
    for count in responses {
      let start = segments[segments.count - 1].rows.upperBound
      segments.append(AttentionSegment(rows: start..<start + count, prefix: 0..<131))
    }
    return AttentionGroup(rows: 0..<segments[segments.count - 1].rows.upperBound, segments: segments)
  }

  @Test(arguments: KernelLevel.available, [ElementType.fp32, .bf16])
  func aWindowOverAllChangesNoBit(level: KernelLevel, type: ElementType) {
    let given = inputs(Array(0..<211), type)
    let full = attend(group([5, 75]), given, level: level, mask: AttentionMask())
    for window in [206, 211, .max] {
      let found = attend(group([5, 75]), given, level: level, mask: AttentionMask(window: window))
      #expect(found.bits(0..<211) == full.bits(0..<211))
      #expect(found.dk.values == full.dk.values && found.dv.values == full.dv.values)
    }
    let shorter = attend(group([5, 75]), given, level: level, mask: AttentionMask(window: 130))
    #expect(shorter.bits(0..<130) == full.bits(0..<130))
    #expect(shorter.bits(130..<211) != full.bits(130..<211))
  }

  /// Other responses beside it, and which rows of the prompt ask: strips begin elsewhere.
  @Test(arguments: cases)
  func companyChangesNoBit(level: KernelLevel, type: ElementType, window: Int) {
    let mask = AttentionMask(window: window, softCap: 3)
    let all = attend(group([5, 75]), inputs(Array(0..<211), type), level: level, mask: mask)
    #expect(all.o.values.allSatisfy(\.isFinite) && all.dq.values.allSatisfy(\.isFinite))
    let alone = attend(
      group([75], queries: 100..<131), inputs(Array(0..<131) + Array(136..<211), type), level: level, mask: mask)
    #expect(alone.bits(100..<206) == all.bits(100..<131) + all.bits(136..<211))
    let last = attend(group([], queries: 127..<131), inputs(Array(0..<131), type), level: level, mask: mask)
    #expect(last.bits(127..<131) == all.bits(127..<131))
  }

  /// A prompt that begins with another group's rows, or has them itself.
  @Test(arguments: cases)
  func sharingChangesNoBit(level: KernelLevel, type: ElementType, window: Int) {
    let mask = AttentionMask(window: window)
    let own = attend(group([5, 75]), inputs(Array(0..<211), type), level: level, mask: mask)
    // 37 rows lie at the start, eight of somebody else between.
    let given = inputs(Array(0..<37) + Array(300..<308) + Array(37..<211), type)
    let shared = AttentionGroup(
      rows: 45..<219,
      segments: [
        AttentionSegment(rows: 45..<139, prefix: 45..<45), AttentionSegment(rows: 139..<144, prefix: 45..<139),
        AttentionSegment(rows: 144..<219, prefix: 45..<139),
      ], shared: 0..<37)
    let found = attend(shared, given, level: level, mask: mask)
    #expect(found.bits(45..<219) == own.bits(37..<211))
  }

  /// Keys and values that no query sees may be anything finite.
  @Test(arguments: cases)
  func whatNobodySeesChangesNoBit(level: KernelLevel, type: ElementType, window: Int) {
    let mask = AttentionMask(window: window)
    let given = inputs(Array(0..<211), type)
    // Prompts' rows from 120 on ask, and the first response; the second one's begin after the prompt.
    let asked = group([5, 75], queries: 120..<131)
    let found = attend(asked, given, level: level, mask: mask)
    for row in 0..<max(0, 121 - window) {
      for column in 0..<dimension { (given[1][row, column], given[2][row, column]) = (3e18, -2e18) }
    }
    let other = attend(asked, given, level: level, mask: mask)
    #expect(found.bits(120..<211) == other.bits(120..<211))
    #expect(other.dk.rows(0..<max(0, 121 - window)).values.allSatisfy { $0 == 0 })
    #expect(found.dk.values == other.dk.values && found.dv.values == other.dv.values)
  }

  // MARK: The cap alone

  /// fp32 to 1e-6 of the result, what ends in bf16 to 3e-6 of the cap; ±cap far out.
  @Test(arguments: KernelLevel.available)
  func capsAreExact(level: KernelLevel) {
    let device = CPUDevice(threads: 1, precision: .fp32, kernelLevel: level)
    let near = (0..<4000).map { (Float($0) - 2000) / 100 }
    let given = near + [1e-30, -1e-12, 3e-5, 0, 1e4, -1e4, 1e30, -1e30, 27.5 - 1e-5, 13.75]
    for (cap, scale) in [(Float(50), Float(1)), (0.7, 0.3), (30, 4)] {
      let s = Matrix(given, rows: 1, columns: given.count)
      let half = Matrix(given, rows: 1, columns: given.count)
      let head = AttentionHead(
        runtime: device, headDimension: dimension, scale: scale, mask: AttentionMask(softCap: cap))
      // One query that sees all.
      let segment = AttentionSegment(rows: 0..<given.count, prefix: 0..<0, queries: given.count - 1..<given.count)
      let view = StripView(segment: segment, start: given.count - 1, base: 0, window: nil)
      head.capScores(s, view, .fp32)
      head.capScores(half, view, .bf16)
      for (column, x) in given.enumerated() {
        let exact = Double(cap) * tanh(Double(scale) * Double(x) / Double(cap))
        #expect(abs(Double(s[0, column]) - exact) <= 1e-6 * abs(exact), "\(x)")
        #expect(abs(Double(half[0, column]) - exact) <= 3e-6 * Double(cap), "\(x)")
      }
    }
  }
}
