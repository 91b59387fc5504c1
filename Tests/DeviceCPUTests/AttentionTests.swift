import DeviceCPU
import Testing

/// Attention against the naive twin in fp32, and its own equivalences.
@Suite struct AttentionTests {
  static let levels = KernelTwinTests.levels

  /// A prompt of 71 rows, more than one strip and odd, with responses of 5 and 67.
  private let rows = 3 + 71 + 5 + 67
  private var group: AttentionGroup {
    AttentionGroup(
      rows: 3..<rows,
      segments: [
        AttentionSegment(rows: 3..<74, prefix: 3..<3), AttentionSegment(rows: 74..<79, prefix: 3..<74),
        AttentionSegment(rows: 79..<rows, prefix: 3..<74),
      ])
  }

  /// q, k, v, dL/do of `heads` query heads and one key-value head.
  private func inputs(_ dimension: Int, heads: Int, _ type: ElementType) -> [Matrix] {
    [heads, 1, 1, heads].enumerated().map {
      converted(converted(random(rows, $1 * dimension, seed: UInt64($0 + 1)), .bf16), type)
    }
  }

  private func scratch(_ dimension: Int) -> Matrix {
    let matrix = Matrix(zeros: 1, AttentionHead.scratchCount(rows: group.rows.count, headDimension: dimension))
    // Whatever is read without being written shows.
    CPUDevice(threads: 1, precision: .fp32).fill(matrix, with: .nan)
    return matrix
  }

  /// Heads of 20 columns fill no panel. The truth is the naive twin in fp32, on the same rounded inputs.
  @Test(arguments: levels, [(8, ElementType.fp32), (20, .fp32), (64, .fp32), (8, .bf16), (20, .bf16), (64, .bf16)])
  func matchesTheNaiveTwin(level: KernelLevel, shape: (dimension: Int, type: ElementType)) {
    let (dimension, heads) = (shape.dimension, 2)
    let naive = CPUDevice(threads: 1, precision: .fp32, kernelLevel: .naive)
    let runtime = CPUDevice(threads: 1, precision: .fp32, kernelLevel: level)
    let outputs = [(naive, ElementType.fp32), (runtime, shape.type)].map { device, type in
      let given = inputs(dimension, heads: heads, type)
      let head = AttentionHead(runtime: device, headDimension: dimension, scale: 0.3)
      let o = Matrix(zeros: rows, heads * dimension, type)
      let logSums = Matrix(zeros: heads, rows)
      let found = AttentionGradients(
        dq: Matrix(zeros: rows, heads * dimension), dk: Matrix(zeros: rows, dimension),
        dv: Matrix(zeros: rows, dimension))
      head.forward(
        group, q: given[0], k: given[1], v: given[2], o: o, logSums: logSums, scratch: scratch(dimension))
      head.backward(
        group, q: given[0], k: given[1], v: given[2], o: o, logSums: logSums, d: given[3], into: found,
        scratch: scratch(dimension))
      return o.values + logSums.values + found.dq.values + found.dk.values + found.dv.values
    }
    #expect(outputs[1].allSatisfy { $0.isFinite })
    expectClose(outputs[1], outputs[0], shape.type)
  }

  /// Heads that share keys, together or one by one and added up in their order; gradients beside or over the inputs;
  /// turned back inside or afterwards: the same bits.
  @Test(arguments: [ElementType.fp32, .bf16])
  func headsTogetherAreHeadsApart(type: ElementType) {
    let (dimension, heads) = (16, 3)
    let device = CPUDevice(threads: 1, precision: .fp32)
    let turn = RotaryTurn(table: random(200, dimension, seed: 9), positions: (0..<rows).map { Int32($0) })
    let head = AttentionHead(runtime: device, headDimension: dimension, scale: 0.3)
    let given = inputs(dimension, heads: heads, type)
    let o = Matrix(zeros: rows, heads * dimension, type)
    let logSums = Matrix(zeros: heads, rows)

    let apartO = Matrix(zeros: rows, heads * dimension, type)
    let (dq, dk, dv) = (
      Matrix(zeros: rows, heads * dimension), Matrix(zeros: rows, dimension), Matrix(zeros: rows, dimension)
    )
    for number in 0..<heads {
      let columns = number * dimension..<(number + 1) * dimension
      let sums = Matrix(zeros: 1, rows)
      head.forward(
        group, q: given[0].columns(columns), k: given[1], v: given[2], o: apartO.columns(columns), logSums: sums,
        scratch: scratch(dimension))
      let one = AttentionGradients(
        dq: dq.columns(columns), dk: Matrix(zeros: rows, dimension), dv: Matrix(zeros: rows, dimension))
      head.backward(
        group, q: given[0].columns(columns), k: given[1], v: given[2], o: apartO.columns(columns), logSums: sums,
        d: given[3].columns(columns), into: one, scratch: scratch(dimension))
      device.add(one.dk, to: dk)
      device.add(one.dv, to: dv)
    }
    let turned = [(dq, given[0].columns), (dk, dimension)].map { gradient, columns in
      let y = Matrix(zeros: rows, columns, type)
      device.rope(
        gradient, headDimension: dimension, table: turn.table, positions: turn.positions[...], backward: true, into: y)
      return y.rows(group.rows).values
    }

    head.forward(group, q: given[0], k: given[1], v: given[2], o: o, logSums: logSums, scratch: scratch(dimension))
    #expect(o.values == apartO.values)
    head.backward(
      group, q: given[0], k: given[1], v: given[2], o: o, logSums: logSums, d: given[3],
      into: AttentionGradients(dq: given[0], dk: given[1], dv: given[2], queryTurn: turn, keyTurn: turn),
      scratch: scratch(dimension))
    #expect(given[0].rows(group.rows).values == turned[0])
    #expect(given[1].rows(group.rows).values == turned[1])
    #expect(given[2].rows(group.rows).values == converted(dv, type).rows(group.rows).values)
  }
}
