import Base

/// The element types in which weights may be stored, named as safetensors names them.
public enum StoredType: String, Sendable, CaseIterable {
  case bf16 = "BF16"
  case fp16 = "F16"
  case fp32 = "F32"

  /// Bytes per element.
  public var byteWidth: Int { self == .fp32 ? 4 : 2 }
}

/// A tensor inside a memory-mapped file: row-major, little-endian, never copied unless asked.
///
/// Holding the value keeps the mapping alive.
public struct StoredTensor: Sendable {
  public let name: String
  public let type: StoredType
  /// Sizes, outermost first: a linear weight is [out, in]. Empty for a scalar.
  public let shape: [Int]
  /// `elementCount * type.byteWidth` bytes, starting at a multiple of `type.byteWidth`.
  public let bytes: MappedBytes

  public var elementCount: Int { bytes.count / type.byteWidth }

  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBytes(body)
  }

  /// All elements widened to fp32 (exact for each stored type).
  public func float32() -> [Float] { float32(elements: 0..<elementCount) }

  /// Some elements, counted in row-major order, widened to fp32. The range is clamped to the tensor.
  public func float32(elements: Range<Int>) -> [Float] {
    let range = elements.clamped(to: 0..<elementCount)
    return switch type {
    case .fp32: bytes.integers(UInt32.self, range).map { Float(bitPattern: $0) }
    case .bf16: bytes.integers(UInt16.self, range).map { HalfPrecision.float(bfloat16: $0) }
    case .fp16: bytes.integers(UInt16.self, range).map { HalfPrecision.float(float16: $0) }
    }
  }
}
