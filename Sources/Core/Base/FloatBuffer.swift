/// Flat fp32 storage of fixed length: LoRA parameters, their gradients, AdamW's moments.
///
/// `@unchecked Sendable`: the memory is fixed; its contents belong to one thread at a time, the training queue's, and
/// operations that split a buffer over threads give each thread its own range.
public final class FloatBuffer: @unchecked Sendable {
  public let count: Int
  package let block: MemoryBlock

  /// `count` zeros.
  public init(count: Int) {
    precondition(count >= 0)
    self.count = count
    block = MemoryBlock(byteCount: max(64, count * 4))
  }

  /// The same, for many numbers.
  /// - Throws: `MemoryError` where the system has no room for them.
  public init(checking count: Int) throws {
    precondition(count >= 0)
    self.count = count
    block = try MemoryBlock(checking: max(64, count * 4))
  }

  public convenience init(_ values: [Float]) {
    self.init(count: values.count)
    copy(from: values)
  }

  public subscript(index: Int) -> Float {
    get {
      precondition(index >= 0 && index < count, "inside the buffer")
      return floats[index]
    }
    set {
      precondition(index >= 0 && index < count, "inside the buffer")
      floats[index] = newValue
    }
  }

  /// A copy of the contents.
  public var array: [Float] { Array(UnsafeBufferPointer(start: floats, count: count)) }

  /// A copy of some of them.
  public func array(in range: Range<Int>) -> [Float] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "inside the buffer")
    return Array(UnsafeBufferPointer(start: floats + range.lowerBound, count: range.count))
  }

  public func zero() { floats.update(repeating: 0, count: count) }

  /// Overwrites the first `values.count` numbers.
  public func copy(from values: [Float], at offset: Int = 0) {
    precondition(offset >= 0 && offset + values.count <= count, "inside the buffer")
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { (floats + offset).update(from: base, count: source.count) }
    }
  }

  public func copy(from other: FloatBuffer) {
    precondition(other.count == count, "buffers of one length")
    floats.update(from: other.floats, count: count)
  }

  public func withUnsafeBufferPointer<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result
  {
    try body(UnsafeBufferPointer(start: floats, count: count))
  }

  public func withUnsafeMutableBufferPointer<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try body(UnsafeMutableBufferPointer(start: floats, count: count))
  }

  /// The numbers, for a device that computes where they lie.
  package var floats: UnsafeMutablePointer<Float> { block.base.assumingMemoryBound(to: Float.self) }
}
