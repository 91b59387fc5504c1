import Base

/// A row-major view, [rows, columns], of memory that something else owns: an arena, a weight file, a flat buffer.
///
/// Model code passes views around and never sees an address; only Numerics reads through them.
///
/// `@unchecked Sendable`: the view is a constant; `owner` keeps its memory alive, or, where it is nil, whoever lent the
/// view does (`ArenaMemory`): threads that copy views by the thousand would count references on one cache line. Two tasks of one parallel loop may
/// hold overlapping views, and it is the loop's duty that no task writes where another reads or writes: each loop in
/// Model splits its outputs by rows, by heads or by worker. Views of weight files are marked read-only, and every
/// operation that writes checks the mark.
public struct Matrix: @unchecked Sendable {
  public let rows: Int
  public let columns: Int
  /// Distance between rows, in elements.
  public let stride: Int
  public let type: ElementType
  let base: UnsafeMutableRawPointer
  let owner: AnyObject?
  let isWritable: Bool
  /// Of a quantized matrix, whose `base` is where the codes of the whole begin: the scales of the whole, and the position
  /// of this part's first element in it, counted row by row.
  let scales: UnsafePointer<Float>?
  let origin: Int

  init(
    base: UnsafeMutableRawPointer, rows: Int, columns: Int, stride: Int, type: ElementType, owner: AnyObject?,
    isWritable: Bool = true, scales: UnsafePointer<Float>? = nil, origin: Int = 0
  ) {
    precondition(type.isQuantized == (scales != nil), "scales where there are codes")
    self.scales = scales
    self.origin = origin
    self.rows = rows
    self.columns = columns
    self.stride = stride
    self.type = type
    self.base = base
    self.owner = owner
    self.isWritable = isWritable
  }

  /// A tensor of this device, whose number for memory is its address; the tensor's holder keeps it alive.
  init(_ tensor: Tensor) {
    guard let memory = UnsafeMutableRawPointer(bitPattern: tensor.memory) else {
      preconditionFailure("memory of this device")
    }
    if tensor.type.isQuantized {
      self.init(
        base: memory, rows: tensor.rows, columns: tensor.columns, stride: tensor.stride, type: tensor.type, owner: nil,
        isWritable: false, scales: UnsafePointer(bitPattern: tensor.scales), origin: tensor.offset)
      return
    }
    self.init(
      base: memory + tensor.offset, rows: tensor.rows, columns: tensor.columns, stride: tensor.stride,
      type: tensor.type, owner: nil, isWritable: tensor.isWritable)
  }

  /// The same place, for instructions.
  var tensor: Tensor {
    Tensor(
      memory: UInt(bitPattern: base), offset: origin, scales: UInt(bitPattern: scales), rows: rows, columns: columns,
      stride: stride, type: type, isWritable: isWritable)
  }

  /// Weights where they lie in a mapped file: read-only, no copy.
  ///
  /// Nil where the bytes do not hold rows · columns elements, or do not start at a multiple of the element's width.
  public init?(mapped bytes: MappedBytes, rows: Int, columns: Int, type: ElementType) {
    let (elements, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard !type.isQuantized, rows > 0, columns > 0, !overflow, bytes.count / type.byteWidth == elements,
      bytes.isAligned(to: type.byteWidth),
      let address = bytes.unsafeBytes.baseAddress
    else { return nil }
    self.init(
      base: UnsafeMutableRawPointer(mutating: address), rows: rows, columns: columns, stride: columns, type: type,
      owner: bytes.file, isWritable: false)
  }

  /// A zeroed matrix of its own, for constants and tests; the steady state takes views of an arena instead.
  public init(zeros rows: Int, _ columns: Int, _ type: ElementType = .fp32) {
    let block = MemoryBlock(byteCount: max(1, rows * columns * type.byteWidth))
    self.init(base: block.base, rows: rows, columns: columns, stride: columns, type: type, owner: block)
  }

  /// A matrix of its own holding `values` in row-major order, rounded to `type`.
  public init(_ values: [Float], rows: Int, columns: Int, type: ElementType = .fp32) {
    precondition(values.count == rows * columns, "rows * columns values")
    self.init(zeros: rows, columns, type)
    for (index, value) in values.enumerated() { self[index / columns, index % columns] = value }
  }

  /// Some of the rows.
  public func rows(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows inside the matrix")
    return view(from: range.lowerBound * stride, rows: range.count, columns: columns)
  }

  /// Some of the columns.
  public func columns(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns inside the matrix")
    return view(from: range.lowerBound, rows: rows, columns: range.count)
  }

  /// Every `span` columns of a row as a row of its own; rows must lie in one piece, unless there is only one.
  func pieces(of span: Int) -> Matrix {
    precondition(columns % span == 0 && isInOnePiece && !type.isQuantized, "whole spans in one piece")
    return Matrix(
      base: base, rows: rows * (columns / span), columns: span, stride: span, type: type, owner: owner,
      isWritable: isWritable)
  }

  /// A column in one piece as a row.
  var transposedColumn: Matrix {
    precondition(columns == 1 && stride == 1, "a column in one piece")
    return Matrix(base: base, rows: 1, columns: rows, stride: rows, type: type, owner: owner, isWritable: isWritable)
  }

  /// Whether a row begins where the one before ends.
  var isInOnePiece: Bool { rows <= 1 || stride == columns }

  private func view(from element: Int, rows: Int, columns: Int) -> Matrix {
    Matrix(
      base: type.isQuantized ? base : base + element * type.byteWidth, rows: rows, columns: columns, stride: stride,
      type: type, owner: owner, isWritable: isWritable, scales: scales,
      origin: type.isQuantized ? origin + element : 0)
  }

  /// A single row's elements under another shape of the same size.
  public func contiguous(rows: Int, columns: Int) -> Matrix {
    precondition(self.rows == 1 && rows * columns == self.columns, "one row of as many elements")
    return Matrix(
      base: base, rows: rows, columns: columns, stride: columns, type: type, owner: owner, isWritable: isWritable)
  }

  /// The memory of an fp32 matrix as bf16 rows of the same columns, for narrowing each row in place.
  var narrowed: Matrix {
    precondition(type == .fp32)
    return Matrix(
      base: base, rows: rows, columns: columns, stride: stride * 2, type: .bf16, owner: owner, isWritable: isWritable)
  }

  /// One element, widened to fp32 on the way out and rounded on the way in. For constants and tests: slow.
  public subscript(row: Int, column: Int) -> Float {
    get {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns, "inside the matrix")
      let index = row * stride + column
      switch type {
      case .fp32: return base.load(fromByteOffset: index * 4, as: Float.self)
      case .bf16: return Float(bitPattern: UInt32(base.load(fromByteOffset: index * 2, as: UInt16.self)) << 16)
      case .fp16:
        return Self.float(half: base.load(fromByteOffset: index * 2, as: UInt16.self))
      case .int8, .nf4: return dequantized(at: origin + index)
      }
    }
    nonmutating set {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns && isWritable, "inside the matrix")
      let index = row * stride + column
      if type == .fp32 {
        base.storeBytes(of: newValue, toByteOffset: index * 4, as: Float.self)
      } else {
        let bits = newValue.bitPattern
        let rounded = newValue.isNaN ? bits | 0x40_0000 : bits &+ 0x7fff &+ ((bits >> 16) & 1)
        base.storeBytes(of: UInt16(truncatingIfNeeded: rounded >> 16), toByteOffset: index * 2, as: UInt16.self)
      }
    }
  }

  /// All elements in row-major order, widened to fp32.
  public var values: [Float] {
    (0..<rows).flatMap { row in (0..<columns).map { self[row, $0] } }
  }

  /// A copy of one row of an fp32 matrix.
  public func floats(row: Int) -> [Float] {
    precondition(row >= 0 && row < rows)
    return Array(UnsafeBufferPointer(start: floats + row * stride, count: columns))
  }

  var floats: UnsafeMutablePointer<Float> {
    precondition(type == .fp32, "an fp32 matrix")
    return base.assumingMemoryBound(to: Float.self)
  }

  /// The memory as words of two bf16; offsets and strides of bf16 views must be even to be used so.
  var words: UnsafeMutablePointer<UInt32> {
    precondition(Int(bitPattern: base) % 4 == 0, "a view that starts at an even column")
    return base.assumingMemoryBound(to: UInt32.self)
  }

  /// The memory of a bf16 matrix.
  var halves: UnsafeMutablePointer<UInt16> {
    precondition(type == .bf16, "a bf16 matrix")
    return base.assumingMemoryBound(to: UInt16.self)
  }

  private static func float(half bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = UInt32(bits >> 10) & 31
    let mantissa = UInt32(bits) & 0x3ff
    if exponent == 0 { return sign * Float(mantissa) * 0x1p-24 }
    if exponent == 31 { return mantissa == 0 ? sign * .infinity : .nan }
    return sign * Float(bitPattern: (exponent + 112) << 23 | mantissa << 13)
  }
}
