import DeviceCPU
import Testing

/// Packed products against sums in Double, on every level, on sizes that fill neither tiles nor panels.
@Suite struct PackedProductTests {
  static let shapes: [(rows: Int, columns: Int, inputs: Int)] = [
    (1, 1, 1), (7, 15, 3), (8, 16, 2), (9, 17, 33), (64, 48, 64), (70, 64, 31), (33, 112, 40), (130, 200, 97),
    // Several blocks of k, the last odd; and a packed operand larger than the second cache.
    (10, 20, 3075), (17, 272, 1600),
  ]

  /// Types of x and w: what a model in bf16 multiplies, one in fp32, and one in fp32 whose weights are stored in bf16.
  static let types: [(x: ElementType, w: ElementType)] = [(.bf16, .bf16), (.fp32, .fp32), (.fp32, .bf16)]

  private func runtime(_ level: KernelLevel, threads: Int = 1) -> CPUDevice {
    CPUDevice(threads: threads, precision: .bf16, kernelLevel: level)
  }

  /// Scratch full of NaN: whatever is read without being written shows.
  private func scratch(_ count: Int, workers: Int = 1) -> [Matrix] {
    (0..<workers).map { _ in
      let matrix = Matrix(zeros: 1, count)
      runtime(.naive).fill(matrix, with: .nan)
      return matrix
    }
  }

  private func operandScratch(_ inputs: Int, _ outputs: Int) -> ScratchMemory {
    ScratchMemory(scratch(PreparedOperand.scratchCount(inputs: inputs, outputs: outputs, format: .wide))[0])
  }

  @Test(arguments: [.naive] + KernelLevel.available, types)
  func productsMatchPlainSums(level: KernelLevel, types: (x: ElementType, w: ElementType)) {
    let device = runtime(level)
    for (rows, columns, inputs) in Self.shapes where level != .naive || inputs < 1000 {
      for transposed in [true, false] {
        // Views with a stride; beside them lies NaN.
        let x = surrounded(converted(random(rows, inputs, scale: 0.5), types.x))
        let plain = converted(random(inputs, columns, scale: 0.5, seed: 2), types.w)
        let w = transposed ? surrounded(flipped(plain)) : surrounded(plain)
        for accumulate in [false, true] {
          let whole = random(rows, columns + 3, seed: 3)
          let before = whole.values
          let c = whole.columns(1..<columns + 1)
          if !accumulate { device.fill(c, with: .nan) }
          var memory = operandScratch(inputs, columns)
          let operand = device.prepare(w, transposed: transposed, for: types.x, scratch: &memory)
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
  }

  /// A row's bits do not depend on the rows beside it, nor a column's on the block it is packed in.
  @Test(arguments: KernelLevel.available, types)
  func bitsDoNotDependOnTheSplit(level: KernelLevel, types: (x: ElementType, w: ElementType)) {
    let device = runtime(level)
    let inputs = 530
    let x = converted(random(61, inputs), types.x)
    let w = converted(random(100, inputs, seed: 2), types.w)
    func part(_ rows: Range<Int>, _ columns: Range<Int>) -> Matrix {
      let part = Matrix(zeros: rows.count, columns.count)
      var memory = operandScratch(inputs, columns.count)
      let operand = device.prepare(w.rows(columns), transposed: true, for: types.x, scratch: &memory)
      device.multiply(x.rows(rows), operand, into: part)
      return part
    }
    let whole = part(0..<61, 0..<100)
    for (rows, columns) in [(0..<1, 0..<16), (5..<18, 16..<64), (60..<61, 32..<100), (0..<61, 96..<100)] {
      #expect(part(rows, columns).values == whole.rows(rows).columns(columns).values)
    }
    for row in 0..<61 { #expect(part(row..<row + 1, 0..<100).values == whole.floats(row: row)) }
  }

  /// Two sums of two terms each, over blocks of columns and bands of rows: every element once, the same for any number
  /// of threads.
  @Test(arguments: KernelLevel.available, [ElementType.bf16, .fp32])
  func productsReachEveryElementOnce(level: KernelLevel, type: ElementType) {
    let (rows, columns, inputs, low) = (331, 208, 72, 3)
    let x = converted(random(rows, inputs), type)
    let u = converted(random(rows, low, seed: 2), type)
    let w = (3...4).map { converted(random(columns, inputs, seed: $0), type) }
    let a = converted(random(low, columns, seed: 5), type)
    var results: [[Float]] = []
    for threads in [1, 3, 16] {
      let device = runtime(level, threads: threads)
      let y = (0..<2).map { _ in Matrix(zeros: rows, columns) }
      let product = Product(
        rows: RowSpans(rows: rows), columns: columns, unit: 8, sums: w.map { [.forward(x, $0), .backward(u, a)] }
      ) { bands, rows, columns in
        for (index, y) in y.enumerated() { device.add(bands[index], to: y.rows(rows).columns(columns)) }
      }
      let count = Product.scratchCount(
        columns: columns, unit: 8, inputs: [inputs, low, inputs, low], sums: 2, format: .wide, threads: threads)
      device.run(product, scratch: scratch(2 * count, workers: threads))
      results.append(y.flatMap(\.values))
    }
    #expect(results[1] == results[0] && results[2] == results[0])
    for (i, j) in [(0, 0), (330, 207), (64, 191), (200, 100)] {
      var sum = 0.0
      for l in 0..<inputs { sum += Double(x[i, l]) * Double(w[1][j, l]) }
      for l in 0..<low { sum += Double(u[i, l]) * Double(a[l, j]) }
      #expect(abs(Double(results[0][(rows + i) * columns + j]) - sum) < 1e-4)
    }
  }

  /// Only the wanted rows are computed, each once and to the bits it has among all; a gradient sums over them alone.
  @Test(arguments: KernelLevel.available, [1, 2, 16])
  func rowsLeftOut(level: KernelLevel, threads: Int) {
    let (rows, columns, inputs) = (640, 96, 40)
    let spans = RowSpans(covering: [3..<9, 14..<15, 40..<41, 100..<500, 633..<640], rows: rows)
    #expect(spans.ranges == [0..<16, 40..<48, 96..<504, 632..<640] && spans.count == 440)
    #expect(RowSpans(covering: [5..<5], rows: rows).ranges.isEmpty && RowSpans(rows: 0).pieces(longest: 8).isEmpty)
    let device = runtime(level, threads: threads)
    let x = converted(random(rows, inputs), .bf16)
    let w = converted(random(columns, inputs, seed: 2), .bf16)
    let memory = scratch(
      max(
        2 * Product.scratchCount(columns: columns, inputs: [inputs], format: .wide, threads: threads),
        WeightGradientLoop.scratchCount(rows: rows, columns: 8, format: .pairs)), workers: threads)
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
          WeightGradientLoop(factor, x, rows: rows) { sums, columns in device.add(sums, to: found.columns(columns)) },
          scratch: memory)
      ])
      return found.values
    }
    #expect(sums[0] == sums[1] && sums[0].contains { $0 != 0 })
  }

  @Test(arguments: [.naive] + KernelLevel.available, [ElementType.bf16, .fp32])
  func weightGradientsAndThinProducts(level: KernelLevel, type: ElementType) {
    for (rows, low, columns) in [(1, 1, 1), (33, 3, 31), (64, 8, 192), (71, 13, 230), (140, 24, 64), (9, 130, 50)] {
      let device = runtime(level, threads: 2)
      let a = surrounded(converted(random(rows, low), type))
      let x = surrounded(converted(random(rows, columns, seed: 2), type))
      let w = surrounded(converted(random(low, columns, seed: 3), type))
      let found = Matrix(zeros: low, columns)
      let memory = scratch(
        WeightGradientLoop.scratchCount(rows: rows, columns: low, format: .pairs) + rows * low, workers: 2)
      let gradient = WeightGradientLoop(a, x, rows: RowSpans(rows: rows)) { sums, columns in
        device.add(sums, to: found.columns(columns))
      }
      device.parallel([device.loop(gradient, scratch: memory)])
      let thin = Matrix(zeros: rows, low, type)
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
