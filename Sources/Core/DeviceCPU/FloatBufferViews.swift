import Base

extension FloatBuffer {
  /// A [rows, columns] view that starts at `offset`.
  func matrix(at offset: Int, rows: Int, columns: Int) -> Matrix {
    precondition(offset >= 0 && offset + rows * columns <= count, "inside the buffer")
    return Matrix(
      base: block.base + offset * 4, rows: rows, columns: columns, stride: columns, type: .fp32, owner: block)
  }
}
