/// Single elements of a mapped file, each checked against the part's length: for formats whose columns are read a row at
/// a time.
extension MappedBytes {
  /// Element `index` of little-endian whole numbers; nil where it lies outside.
  @inlinable
  public func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type = Integer.self, at index: Int
  ) -> Integer? {
    let width = MemoryLayout<Integer>.size
    guard index >= 0, index < count / width else { return nil }
    return withUnsafeBytes { Integer(littleEndian: $0.loadUnaligned(fromByteOffset: index * width, as: type)) }
  }

  /// The bytes of `part` as text; nil where `part` lies outside or is not UTF-8.
  public func text(_ part: Range<Int>) -> String? {
    guard part.lowerBound >= 0, part.upperBound <= count else { return nil }
    return withUnsafeBytes { String(validating: UnsafeRawBufferPointer(rebasing: $0[part]), as: UTF8.self) }
  }
}
