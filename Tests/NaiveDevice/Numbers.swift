import Device

/// A row-major matrix of Doubles: what an instruction computes with.
struct Numbers: Sendable {
  let rows, columns: Int
  var values: [Double]

  init(rows: Int, columns: Int, _ values: [Double]) {
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, [Double](repeating: 0, count: rows * columns))
  }

  subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  subscript(row row: Int) -> [Double] {
    get { Array(values[row * columns..<(row + 1) * columns]) }
    set { values.replaceSubrange(row * columns..<(row + 1) * columns, with: newValue) }
  }

  /// Some columns of one row.
  func slice(_ row: Int, _ range: Range<Int>) -> [Double] {
    Array(values[row * columns + range.lowerBound..<row * columns + range.upperBound])
  }
}

/// Σ aᵢ bᵢ.
func dot(_ a: [Double], _ b: [Double]) -> Double {
  var sum = 0.0
  for index in a.indices { sum += a[index] * b[index] }
  return sum
}

extension NaiveDevice {
  func load(_ x: Tensor) -> Numbers {
    Numbers(rows: x.rows, columns: x.columns, memory.block(x.memory).load(x))
  }

  /// Writes some rows, rounded to x's type.
  func store(_ numbers: Numbers, rows: some Sequence<Int>, to x: Tensor) {
    precondition(x.isWritable && numbers.rows == x.rows && numbers.columns == x.columns, "a tensor of this shape")
    let block = memory.block(x.memory)
    for row in rows { block.store(numbers[row: row].map { rounded($0, x.type) }[...], row: row, of: x) }
  }

  func store(_ numbers: Numbers, to x: Tensor) { store(numbers, rows: 0..<x.rows, to: x) }

  /// As a number of the type is kept; to nearest, ties to even.
  func rounded(_ x: Double, _ type: ElementType) -> Double {
    guard rounds else { return x }
    let narrow = Float(x)
    guard type == .bf16, narrow.isFinite else { return Double(narrow) }
    let bits = narrow.bitPattern
    return Double(Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000))
  }
}

extension RowSpans {
  var each: [Int] { ranges.flatMap { Array($0) } }
}
