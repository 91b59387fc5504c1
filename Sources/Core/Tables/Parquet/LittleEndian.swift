extension RandomAccessCollection where Element == UInt8, Index == Int {
  /// `width` bytes (at most 8) from `start` on, the lowest first. They must be there.
  @inline(__always)
  func littleEndian(at start: Int, width: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<width { value |= UInt64(self[start + index]) << UInt64(8 * index) }
    return value
  }
}
