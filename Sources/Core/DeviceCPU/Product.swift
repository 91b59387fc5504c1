import CKernels

/// A loop whose tasks are independent, so that several loops can be spread over the pool together.
public struct ParallelLoop: Sendable {
  let count: Int
  let body: @Sendable (_ task: Int, _ worker: Int) -> Void

  public init(count: Int, body: @escaping @Sendable (_ task: Int, _ worker: Int) -> Void) {
    self.count = count
    self.body = body
  }
}

extension CPUDevice {
  /// Runs every task of all loops on the pool, in order of the list.
  public func parallel(_ loops: [ParallelLoop]) {
    parallel(loops.reduce(0) { $0 + $1.count }) { task, worker in
      var index = task
      for loop in loops {
        if index < loop.count {
          loop.body(index, worker)
          return
        }
        index -= loop.count
      }
    }
  }
}

/// x[T, k] · op(w)[k, n], one summand of a product.
public struct ProductTerm: Sendable {
  let x: Matrix
  let w: Matrix
  let transposed: Bool

  /// x[T, in] · w[out, in]ᵀ.
  public static func forward(_ x: Matrix, _ w: Matrix) -> ProductTerm { ProductTerm(x: x, w: w, transposed: true) }

  /// dy[T, out] · w[out, in].
  public static func backward(_ dy: Matrix, _ w: Matrix) -> ProductTerm { ProductTerm(x: dy, w: w, transposed: false) }

  var inputs: Int { x.columns }

  fileprivate func weight(columns: Range<Int>) -> Matrix { transposed ? w.rows(columns) : w.columns(columns) }
}

/// Matrix products over all rows of a pass, y_i[T, n] = Σ terms of i, with what follows done while a part is in cache.
///
/// Each task owns a block of columns: it packs that part of the weights once and lets every row pass. Results reach
/// `finish` in bands of rows, in fp32; nothing else is stored. Which columns share a block may depend on the number of
/// threads, since no sum crosses a block.
public struct Product: Sendable {
  /// Takes y_i of some rows and columns: converts, adds to the residual stream, rotates, gates.
  public typealias Finish = @Sendable (_ bands: Bands, _ rows: Range<Int>, _ columns: Range<Int>) -> Void

  /// The results y_i of one band of rows.
  public struct Bands {
    fileprivate let first: Matrix
    fileprivate let second: Matrix?

    public subscript(index: Int) -> Matrix {
      precondition(index == 0 || index == 1 && second != nil, "a sum of the product")
      return index == 0 ? first : second ?? first
    }
  }

  let rows: RowSpans
  let columns, unit: Int
  let sums: [[ProductTerm]]
  let touches: [Matrix]
  let end: End

  enum End: Sendable {
    case finish(Finish)
    case store(Matrix)
  }

  /// - Parameters:
  ///   - rows: the rows that are wanted.
  ///   - unit: blocks begin at multiples of this many columns, such as a head's.
  ///   - sums: the terms of each y_i, one or two; all y_i have n columns.
  ///   - touches: [T, n] matrices whose rows and columns `finish` reads or writes at its own; they are brought near
  ///     while the product runs.
  public init(
    rows: RowSpans, columns: Int, unit: Int = 1, sums: [[ProductTerm]], touches: [Matrix] = [],
    finish: @escaping Finish
  ) {
    precondition((1...2).contains(sums.count), "one sum or two")
    self.rows = rows
    self.columns = columns
    self.unit = unit
    self.sums = sums
    self.touches = touches
    end = .finish(finish)
  }

  /// One sum, stored as it is.
  public init(rows: RowSpans, terms: [ProductTerm], into y: Matrix) {
    precondition(y.type == .fp32, "fp32 sums")
    self.rows = rows
    columns = y.columns
    unit = 1
    sums = [terms]
    touches = [y]
    end = .store(y)
  }

  /// How a product is cut, from its shape and the number of threads alone.
  struct Blocks {
    let columns, rows, band: Int

    /// - Parameter inputs: k of all terms together.
    init(rows: Int, columns: Int, unit: Int, inputs: Int, sums: Int, format: PanelFormat, threads: Int) {
      let step = Self.step(unit)
      // 512 KiB of packed pairs leave half of a second cache of 1 MiB to the rows and the results. In fp32 a product takes
      // a part of k at a time, which leaves as much.
      let longest = min(Self.widest / sums, max(48, (1 << 18) / max(1, inputs)))
      let fewest = (columns + longest - 1) / longest
      let count = max(fewest, min(3 * threads, columns / 48), 1)
      self.columns = max(step, ((columns + count - 1) / count + step - 1) / step * step)
      let tasks = (columns + self.columns - 1) / self.columns
      let groups = max(1, min((threads + tasks - 1) / tasks, rows / 128))
      // A multiple of every tile's rows.
      band = format == .wide ? 96 : inputs * self.columns <= 3 << 17 ? 64 : 256
      self.rows = ((rows + groups - 1) / groups + band - 1) / band * band
    }

    static let widest = 192

    static func step(_ unit: Int) -> Int {
      let panel = Int(WB_PANEL)
      var step = max(unit, panel)
      while step % panel != 0 || step % unit != 0 { step += 1 }
      return step
    }
  }

  /// fp32 numbers of scratch that a worker needs for a product of this shape; `inputs` per term of all sums.
  public static func scratchCount(
    columns: Int, unit: Int = 1, inputs: [Int], sums: Int = 1, format: PanelFormat, threads: Int
  ) -> Int {
    let blocks = Blocks(
      rows: 256, columns: columns, unit: unit, inputs: inputs.reduce(0, +), sums: sums, format: format,
      threads: threads)
    let packed = inputs.reduce(0) {
      $0 + PreparedOperand.scratchCount(inputs: $1, outputs: blocks.columns, format: format) + 32
    }
    return packed + sums * (blocks.band * blocks.columns + 32)
  }
}

extension CPUDevice {
  /// A product as a loop over the pool; `scratch` holds one matrix per worker.
  public func loop(_ product: Product, scratch: [Matrix]) -> ParallelLoop {
    let inputs = product.sums.reduce(0) { $0 + $1.reduce(0) { $0 + $1.inputs } }
    let blocks = Product.Blocks(
      rows: product.rows.count, columns: product.columns, unit: product.unit, inputs: inputs, sums: product.sums.count,
      format: panelFormat(x: product.sums[0][0].x.type), threads: threads)
    let across = (product.columns + blocks.columns - 1) / blocks.columns
    let down = product.rows.count == 0 ? 0 : (product.rows.count + blocks.rows - 1) / blocks.rows
    return ParallelLoop(count: across * down) { task, worker in
      let columns = task % across * blocks.columns..<min((task % across + 1) * blocks.columns, product.columns)
      let rows = task / across * blocks.rows..<min((task / across + 1) * blocks.rows, product.rows.count)
      self.run(product, rows: rows, columns: columns, band: blocks.band, scratch: scratch, worker: worker)
    }
  }

  /// Runs one product over the pool.
  public func run(_ product: Product, scratch: [Matrix]) {
    parallel([loop(product, scratch: scratch)])
  }

  /// One block of columns: its part of the weights is packed by `worker`, then every band of rows passes, with the help of
  /// workers that have run out of blocks.
  private func run(
    _ product: Product, rows numbers: Range<Int>, columns: Range<Int>, band: Int, scratch: [Matrix], worker: Int
  ) {
    var memory = ScratchMemory(scratch[worker])
    let operands = product.sums.map { terms in
      terms.map {
        prepare($0.weight(columns: columns), transposed: $0.transposed, for: $0.x.type, scratch: &memory)
      }
    }
    let touches = product.touches.map { $0.columns(columns) }
    let pieces = product.rows.pieces(numbers, longest: band)
    // Arrays within arrays would have all threads count references at one place, piece by piece.
    let (terms, prepared) = (product.sums[0], operands[0])
    switch product.end {
    case .store(let y):
      let target = y.columns(columns)
      share(pieces.count, worker: worker) { piece, _ in
        let rows = pieces[piece]
        for matrix in touches { prefetch(matrix, rows: rows) }
        multiply(terms, prepared, rows: rows, into: target.rows(rows))
      }
    case .finish(let finish):
      let own = memory
      let second = product.sums.count > 1 ? (terms: product.sums[1], prepared: operands[1]) : nil
      share(pieces.count, worker: worker) { piece, helper in
        let rows = pieces[piece]
        for matrix in touches { prefetch(matrix, rows: rows) }
        var memory = helper == worker ? own : ScratchMemory(scratch[helper])
        let sum = memory.take(rows.count, columns.count)
        multiply(terms, prepared, rows: rows, into: sum)
        var another: Matrix?
        if let second {
          let sum = memory.take(rows.count, columns.count)
          multiply(second.terms, second.prepared, rows: rows, into: sum)
          another = sum
        }
        finish(Product.Bands(first: sum, second: another), rows, columns)
      }
    }
  }

  /// c[rows, n] = Σ x[rows, k] · op(w) over the terms of one sum.
  private func multiply(_ terms: [ProductTerm], _ operands: [PreparedOperand], rows: Range<Int>, into c: Matrix) {
    withUnsafeTemporaryAllocation(of: wb_panel_term.self, capacity: terms.count) { panels in
      for (number, term) in terms.enumerated() {
        precondition(term.x.type == terms[0].x.type, "one type of all terms")
        panels[number] = operands[number].panelTerm(term.x, rows: rows)
      }
      kernels.gemm_panels(
        Int64(c.rows), Int64(c.columns), panels.baseAddress, Int64(terms.count), terms[0].x.type.kernelType, c.floats,
        Int64(c.stride), 0)
    }
  }
}
