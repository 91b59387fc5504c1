import Numerics
import Testing

/// Packed products against sums of the naive twin, on every level, on sizes that fill neither tiles nor panels.
@Suite struct PackedProductTests {
  static let shapes: [(rows: Int, columns: Int, inputs: Int)] = [
    (1, 1, 1), (7, 15, 3), (8, 16, 2), (9, 17, 33), (64, 48, 64), (70, 64, 31), (33, 112, 40), (130, 200, 97),
    // Two blocks of k, the second odd; and a packed operand larger than the second cache.
    (10, 20, 3075), (17, 272, 1600),
  ]

  private func runtime(_ level: Runtime.KernelLevel, threads: Int = 1, packs: Bool = true) -> Runtime {
    Runtime(threads: threads, precision: .bf16, kernelLevel: level, widensBF16: false, packsProducts: packs)
  }

  /// Scratch full of NaN: whatever is read without being written shows.
  private func scratch(_ count: Int, workers: Int = 1) -> [Matrix] {
    (0..<workers).map { _ in
      let matrix = Matrix(zeros: 1, count)
      runtime(.naive).fill(matrix, with: .nan)
      return matrix
    }
  }

  @Test(arguments: [Runtime.KernelLevel.naive, .portable, .avx2, .avx512, .best], [true, false])
  func productsMatchPlainSums(level: Runtime.KernelLevel, transposed: Bool) {
    let device = runtime(level)
    for (rows, columns, inputs) in Self.shapes where level != .naive || inputs < 1000 {
      // Views with a stride; beside them lies NaN.
      let x = surrounded(converted(random(rows, inputs, scale: 0.5), .bf16))
      let plain = converted(random(inputs, columns, scale: 0.5, seed: 2), .bf16)
      let w = transposed ? surrounded(flipped(plain)) : surrounded(plain)
      for accumulate in [false, true] {
        let whole = random(rows, columns + 3, seed: 3)
        let before = whole.values
        let c = whole.columns(1..<columns + 1)
        if !accumulate { device.fill(c, with: .nan) }
        var memory = ScratchMemory(
          scratch(PreparedOperand.scratchCount(inputs: inputs, outputs: columns))[0])
        let operand = device.prepare(w, transposed: transposed, scratch: &memory)
        device.multiply(x, operand, into: c, accumulate: accumulate)
        var worst = 0.0
        for i in stride(from: 0, to: rows, by: max(1, rows / 9)) {
          for j in 0..<columns {
            var sum = accumulate ? Double(before[i * (columns + 3) + j + 1]) : 0
            for l in 0..<inputs { sum += Double(x[i, l]) * Double(plain[l, j]) }
            let error = abs(Double(c[i, j]) - sum)
            worst = max(worst, error.isNaN ? .infinity : error)
          }
        }
        #expect(worst < 1e-4, "[\(rows), \(columns), \(inputs)]: \(worst)")
        for i in 0..<rows {
          #expect(whole[i, 0] == before[i * (columns + 3)])
          #expect(whole[i, columns + 2] == before[i * (columns + 3) + columns + 2])
        }
      }
    }
  }

  /// A row's bits do not depend on the rows beside it, nor a column's on the block it is packed in.
  @Test(arguments: [Runtime.KernelLevel.portable, .avx2, .best])
  func bitsDoNotDependOnTheSplit(level: Runtime.KernelLevel) {
    let device = runtime(level)
    let x = converted(random(61, 130), .bf16)
    let w = converted(random(100, 130, seed: 2), .bf16)
    let whole = Matrix(zeros: 61, 100)
    var memory = ScratchMemory(scratch(PreparedOperand.scratchCount(inputs: 130, outputs: 100))[0])
    device.multiply(x, device.prepare(w, transposed: true, scratch: &memory), into: whole)
    for (rows, columns) in [(0..<1, 0..<16), (5..<18, 16..<64), (60..<61, 32..<100), (0..<61, 96..<100)] {
      let part = Matrix(zeros: rows.count, columns.count)
      var memory = ScratchMemory(scratch(PreparedOperand.scratchCount(inputs: 130, outputs: columns.count))[0])
      let operand = device.prepare(w.rows(columns), transposed: true, scratch: &memory)
      device.multiply(x.rows(rows), operand, into: part)
      #expect(part.values == whole.rows(rows).columns(columns).values)
    }
  }

  /// Two sums of two terms each, over blocks of columns and bands of rows: every element once, the same for any number
  /// of threads, and on the packed kernel as on oneDNN up to rounding.
  @Test func productsReachEveryElementOnce() {
    let (rows, columns, inputs, low) = (331, 208, 72, 3)
    let x = converted(random(rows, inputs), .bf16)
    let u = converted(random(rows, low, seed: 2), .bf16)
    let w = (3...4).map { converted(random(columns, inputs, seed: $0), .bf16) }
    let a = converted(random(low, columns, seed: 5), .bf16)
    var results: [[Float]] = []
    for (threads, packs) in [(1, true), (3, true), (16, true), (2, false)] {
      let device = runtime(.best, threads: threads, packs: packs)
      let y = (0..<2).map { _ in Matrix(zeros: rows, columns) }
      let product = Product(
        rows: RowSpans(rows: rows), columns: columns, unit: 8, sums: w.map { [.forward(x, $0), .backward(u, a)] }
      ) { bands, rows, columns in
        for (index, y) in y.enumerated() { device.add(bands[index], to: y.rows(rows).columns(columns)) }
      }
      let count = Product.scratchCount(
        columns: columns, unit: 8, inputs: [inputs, low, inputs, low], sums: 2, threads: threads)
      device.run(product, scratch: scratch(count, workers: threads))
      results.append(y.flatMap(\.values))
    }
    #expect(results[1] == results[0] && results[2] == results[0])
    let difference = zip(results[3], results[0]).map { abs($0 - $1) }.max() ?? .infinity
    #expect(difference < 1e-4)
    for (i, j) in [(0, 0), (330, 207), (64, 191), (200, 100)] {
      var sum = 0.0
      for l in 0..<inputs { sum += Double(x[i, l]) * Double(w[1][j, l]) }
      for l in 0..<low { sum += Double(u[i, l]) * Double(a[l, j]) }
      #expect(abs(Double(results[0][(rows + i) * columns + j]) - sum) < 1e-4)
    }
  }

  /// Only the wanted rows are computed, each once and to the bits it has among all; a gradient sums over them alone.
  @Test(arguments: [1, 2, 16])
  func rowsLeftOut(threads: Int) {
    let (rows, columns, inputs) = (640, 96, 40)
    let spans = RowSpans(covering: [3..<9, 14..<15, 40..<41, 100..<500, 633..<640], rows: rows)
    #expect(spans.ranges == [0..<16, 40..<48, 96..<504, 632..<640] && spans.count == 440)
    #expect(RowSpans(covering: [5..<5], rows: rows).ranges.isEmpty && RowSpans(rows: 0).pieces(longest: 8).isEmpty)
    let device = runtime(.best, threads: threads)
    let x = converted(random(rows, inputs), .bf16)
    let w = converted(random(columns, inputs, seed: 2), .bf16)
    let memory = scratch(
      max(
        Product.scratchCount(columns: columns, inputs: [inputs], threads: threads),
        WeightGradient.scratchCount(rows: rows, columns: 8)), workers: threads)
    let results = [RowSpans(rows: rows), spans].map { rows in
      let y = Matrix(zeros: x.rows, columns)
      device.run(
        Product(rows: rows, columns: columns, sums: [[.forward(x, w)]]) { bands, rows, columns in
          device.add(bands[0], to: y.rows(rows).columns(columns))
        }, scratch: memory)
      return y
    }
    for row in 0..<rows {
      let wanted = spans.ranges.contains { $0.contains(row) }
      #expect(
        results[1].floats(row: row) == (wanted ? results[0].floats(row: row) : [Float](repeating: 0, count: columns)))
    }

    // Rows left out are 0 in the first factor of the whole sum, and NaN where they are not read.
    let a = converted(random(rows, 8, seed: 3), .bf16)
    let whole = a.values.enumerated().map { index, value in
      spans.ranges.contains { $0.contains(index / 8) } ? value : 0
    }
    let sums = [(RowSpans(rows: rows), Float(0)), (spans, .nan)].map { rows, unread in
      let values = zip(whole, a.values).map { $0 == 0 && $1 != 0 ? unread : $0 }
      let found = Matrix(zeros: 8, inputs)
      let factor = converted(Matrix(values, rows: a.rows, columns: 8), .bf16)
      device.parallel([
        device.loop(
          WeightGradient(factor, x, rows: rows) { sums, columns in device.add(sums, to: found.columns(columns)) },
          scratch: memory)
      ])
      return found.values
    }
    #expect(sums[0] == sums[1] && sums[0].contains { $0 != 0 })
  }

  @Test(arguments: [Runtime.KernelLevel.naive, .portable, .avx2, .avx512, .best])
  func weightGradientsAndThinProducts(level: Runtime.KernelLevel) {
    for (rows, low, columns) in [(1, 1, 1), (33, 3, 31), (64, 8, 192), (71, 13, 230), (40, 24, 64)] {
      let device = runtime(level, threads: 2)
      let a = surrounded(converted(random(rows, low), .bf16))
      let x = surrounded(converted(random(rows, columns, seed: 2), .bf16))
      let w = surrounded(converted(random(low, columns, seed: 3), .bf16))
      let found = Matrix(zeros: low, columns)
      let memory = scratch(WeightGradient.scratchCount(rows: rows, columns: low) + rows * low, workers: 2)
      let gradient = WeightGradient(a, x, rows: RowSpans(rows: rows)) { sums, columns in
        device.add(sums, to: found.columns(columns))
      }
      device.parallel([device.loop(gradient, scratch: memory)])
      let thin = Matrix(zeros: rows, low, .bf16)
      device.thinProduct(x, w, into: thin, scratch: ScratchMemory(memory[0]))
      for i in 0..<low {
        for j in 0..<columns {
          let sum = (0..<rows).reduce(0) { $0 + Double(a[$1, i]) * Double(x[$1, j]) }
          #expect(abs(Double(found[i, j]) - sum) < 1e-4)
        }
        for t in 0..<rows {
          let sum = (0..<columns).reduce(0) { $0 + Double(x[t, $1]) * Double(w[i, $1]) }
          #expect(abs(Double(thin[t, i]) - sum) < 1e-4 + abs(sum) / 200)
        }
      }
    }
  }

  /// The matrix as a view with NaN all around it.
  private func surrounded(_ x: Matrix) -> Matrix {
    let wide = Matrix(
      [Float](repeating: .nan, count: (x.rows + 2) * (x.columns + 3)), rows: x.rows + 2, columns: x.columns + 3,
      type: x.type)
    let view = wide.rows(1..<x.rows + 1).columns(1..<x.columns + 1)
    runtime(.naive).convert(x, into: view)
    return view
  }

  private func flipped(_ x: Matrix) -> Matrix {
    let y = Matrix(zeros: x.columns, x.rows, x.type)
    runtime(.naive).transpose(x, into: y)
    return y
  }
}
