/// Hands out the parts of a worker's scratch memory one after another, each on a cache line of its own.
public struct ScratchMemory: Sendable {
  private let whole: Matrix
  private var position = 0

  public init(_ whole: Matrix) {
    precondition(whole.type == .fp32 && whole.stride == whole.columns)
    self.whole = whole
  }

  /// The next [rows, columns] matrix; contents are undefined.
  public mutating func take(_ rows: Int, _ columns: Int, _ type: ElementType = .fp32) -> Matrix {
    // Counted in fp32 numbers, two bf16 to one.
    let count = type == .fp32 ? rows * columns : (rows * columns + 1) / 2
    precondition(position + count <= whole.rows * whole.columns, "scratch of the planned size")
    defer { position += (count + 15) / 16 * 16 }
    return Matrix(
      base: whole.base + position * 4, rows: rows, columns: columns, stride: columns, type: type, owner: whole.owner)
  }
}
