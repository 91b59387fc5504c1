import Numerics
import Testing

@Suite struct MatmulTests {
  /// (rows, out, in): one row and few rows take the decoding kernel, the others oneDNN.
  static let shapes = [
    (1, 9, 33), (1, 39, 70), (2, 27, 40), (3, 16, 64), (4, 13, 31), (7, 21, 66), (8, 5, 20), (9, 24, 40), (70, 33, 65),
    (256, 8, 48),
  ]

  /// All three products, plain and accumulating, against sums in Double; inputs rounded to the type first.
  @Test(arguments: [ElementType.fp32, .bf16], [false, true])
  func productsMatchPlainSums(type: ElementType, widens: Bool) {
    let runtime = Runtime(threads: 1, precision: .bf16, kernelLevel: .best, widensBF16: widens)
    for (rows, outputs, inputs) in Self.shapes {
      let x = converted(random(rows, inputs, seed: 1), type)
      let w = converted(random(outputs, inputs, seed: 2), type)
      let dy = converted(random(rows, outputs, seed: 3), type)
      for accumulate in [false, true] {
        for outputType in accumulate ? [ElementType.fp32] : [.fp32, .bf16] {
          let y = Matrix(random(rows, outputs, seed: 4).values, rows: rows, columns: outputs, type: outputType)
          let dx = Matrix(random(rows, inputs, seed: 5).values, rows: rows, columns: inputs, type: outputType)
          let dw = Matrix(random(outputs, inputs, seed: 6).values, rows: outputs, columns: inputs, type: outputType)
          let before = [y.values, dx.values, dw.values]
          runtime.linear(x, w, into: y, accumulate: accumulate)
          runtime.linearBackward(dy, w, into: dx, accumulate: accumulate)
          runtime.outerProduct(dy, x, into: dw, accumulate: accumulate)
          let tolerance = outputType == .fp32 ? 1e-4 : 4e-2
          expect(y, accumulate ? before[0] : nil, tolerance) { i, j in (0..<inputs).map { x[i, $0] * w[j, $0] } }
          expect(dx, accumulate ? before[1] : nil, tolerance) { i, j in (0..<outputs).map { dy[i, $0] * w[$0, j] } }
          expect(dw, accumulate ? before[2] : nil, tolerance) { i, j in (0..<rows).map { dy[$0, i] * x[$0, j] } }
        }
      }
    }
  }

  /// Decoding takes as many rows as there are answers: a row's bits must not depend on how many.
  @Test(arguments: [ElementType.fp32, .bf16])
  func fewRowsGiveEachRowItsOwnBits(type: ElementType) {
    let runtime = Runtime(threads: 1, precision: .bf16)
    let (outputs, inputs) = (61, 203)
    let x = converted(random(8, inputs, seed: 1), type)
    let w = converted(random(outputs, inputs, seed: 2), type)
    func rows(_ range: Range<Int>) -> [Float] {
      let y = Matrix(zeros: range.count, outputs)
      runtime.linear(x.rows(range), w, into: y)
      return y.values
    }
    let alone = (0..<8).flatMap { rows($0..<$0 + 1) }
    for count in 2...8 { #expect(rows(0..<count) == Array(alone.prefix(count * outputs)), "\(count) rows") }
  }

  /// Views with a stride: the columns beside the output stay as they were.
  @Test func stridedViewsStayInside() {
    let runtime = Runtime(threads: 1, precision: .fp32)
    let x = random(40, 50).columns(3..<20)
    let w = random(12, 30, seed: 2).columns(5..<22)
    let y = Matrix(zeros: 40, 20)
    runtime.fill(y, with: 7)
    runtime.linear(x, w, into: y.columns(4..<16))
    for i in 0..<40 {
      for j in 0..<20 {
        let sum = (4..<16).contains(j) ? (0..<17).reduce(0) { $0 + Double(x[i, $1]) * Double(w[j - 4, $1]) } : 7
        #expect(abs(Double(y[i, j]) - sum) < 1e-5)
      }
    }
  }

  private func expect(_ found: Matrix, _ before: [Float]?, _ tolerance: Double, _ terms: (Int, Int) -> [Float]) {
    var worst = 0.0
    for i in 0..<found.rows {
      for j in 0..<found.columns {
        let start = before.map { Double($0[i * found.columns + j]) } ?? 0
        let expected = terms(i, j).reduce(start) { $0 + Double($1) }
        worst = max(worst, abs(Double(found[i, j]) - expected) / max(1, abs(expected)))
      }
    }
    #expect(worst < tolerance, "[\(found.rows), \(found.columns)]: \(worst)")
  }
}
