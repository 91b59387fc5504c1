import DeviceCPU
import Testing

/// Products of few rows, read in place: decoding and low-rank products.
@Suite struct FewRowsTests {
  /// (rows, out, in): one row and several, more rows than outputs, and sizes that fill neither tiles nor vectors.
  static let shapes = [
    (1, 9, 33), (1, 39, 70), (2, 27, 40), (3, 16, 64), (4, 13, 31), (7, 21, 66), (8, 5, 20), (9, 24, 40), (70, 33, 65),
    (256, 8, 48), (64, 24, 576), (32, 96, 130), (5, 1, 7),
  ]

  static let types: [(x: ElementType, w: ElementType)] = [(.fp32, .fp32), (.bf16, .bf16), (.fp32, .bf16)]

  /// Plain and accumulating, against sums in Double; inputs rounded to the type first.
  @Test(arguments: [.naive] + KernelLevel.available, types)
  func productsMatchPlainSums(level: KernelLevel, types: (x: ElementType, w: ElementType)) {
    let runtime = CPUDevice(threads: 1, precision: .bf16, kernelLevel: level)
    for (rows, outputs, inputs) in Self.shapes {
      let x = converted(random(rows, inputs, seed: 1), types.x)
      let w = converted(random(outputs, inputs, seed: 2), types.w)
      for accumulate in [false, true] {
        let y = random(rows, outputs, seed: 4)
        let before = y.values
        runtime.linear(x, w, into: y, accumulate: accumulate)
        var worst = 0.0
        for i in 0..<rows {
          for j in 0..<outputs {
            var sum = accumulate ? Double(before[i * outputs + j]) : 0
            for l in 0..<inputs { sum += Double(x[i, l]) * Double(w[j, l]) }
            let error = abs(Double(y[i, j]) - sum) / max(1, abs(sum))
            worst = max(worst, error.isNaN ? .infinity : error)
          }
        }
        #expect(worst < 1e-4, "[\(rows), \(outputs), \(inputs)]: \(worst)")
      }
    }
  }

  /// Decoding takes as many rows as there are answers, and columns as there are threads: a number's bits must depend on
  /// neither.
  @Test(arguments: KernelLevel.available, types)
  func fewRowsGiveEachNumberItsOwnBits(level: KernelLevel, types: (x: ElementType, w: ElementType)) {
    let runtime = CPUDevice(threads: 1, precision: .bf16, kernelLevel: level)
    let (rows, outputs, inputs) = (33, 61, 203)
    let x = converted(random(rows, inputs, seed: 1), types.x)
    let w = converted(random(outputs, inputs, seed: 2), types.w)
    func part(_ some: Range<Int>, _ columns: Range<Int>) -> Matrix {
      let y = Matrix(zeros: some.count, columns.count)
      runtime.linear(x.rows(some), w.rows(columns), into: y)
      return y
    }
    let alone = (0..<rows).flatMap { part($0..<$0 + 1, 0..<outputs).values }
    for count in [2, 3, 4, 5, 8, 17, 33] {
      #expect(part(0..<count, 0..<outputs).values == Array(alone.prefix(count * outputs)), "\(count) rows")
    }
    for columns in [0..<1, 3..<5, 16..<32, 7..<61] {
      let found = part(0..<rows, columns)
      for row in 0..<rows {
        let whole = alone[row * outputs + columns.lowerBound..<row * outputs + columns.upperBound]
        #expect(found.floats(row: row) == Array(whole), "columns \(columns)")
      }
    }
  }

  /// Views with a stride: the columns beside the output stay as they were.
  @Test func stridedViewsStayInside() {
    let runtime = CPUDevice(threads: 1, precision: .fp32)
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
}
