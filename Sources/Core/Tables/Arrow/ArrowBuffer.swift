import Base

/// The bytes of one buffer of a column: where they lie in the file, or unpacked.
struct ArrowBuffer {
  enum Codec: Int8 {
    case lz4 = 0
    case zstd
  }

  private enum Storage {
    case mapped(MappedBytes)
    case unpacked([UInt8])
  }

  private let storage: Storage
  let count: Int

  init(_ bytes: [UInt8]) {
    storage = .unpacked(bytes)
    count = bytes.count
  }

  init(_ bytes: MappedBytes) {
    storage = .mapped(bytes)
    count = bytes.count
  }

  /// A packed buffer: its length when unpacked (−1: it is not packed after all), and one frame of the codec.
  init(packed bytes: MappedBytes, _ codec: Codec) throws(ArrowFault) {
    if bytes.count == 0 {
      self.init([])
      return
    }
    guard let length = bytes.integer(Int64.self, at: 0), let size = Int(exactly: length), size >= -1 else {
      throw .damaged("a compressed column does not say how long it is")
    }
    let rest: MappedBytes
    do { rest = try bytes.slice(8..<bytes.count) } catch { throw .metadata }
    if size == -1 {
      self.init(rest)
      return
    }
    let packed = rest.integers(UInt8.self)
    switch codec {
    case .lz4: self.init(try LZ4Frame.unpack(packed, count: size))
    case .zstd: self.init(try ZstdFrame.unpack(packed, count: size))
    }
  }

  // MARK: elements

  /// Whole number `index` of the buffer.
  func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type = Integer.self, at index: Int
  ) throws(ArrowFault) -> Integer {
    switch storage {
    case .mapped(let bytes):
      guard let value = bytes.integer(type, at: index) else { throw Self.outside }
      return value
    case .unpacked(let bytes):
      let width = MemoryLayout<Integer>.size
      guard index >= 0, index < count / width else { throw Self.outside }
      var value: Integer = 0
      for place in stride(from: index * width + width - 1, through: index * width, by: -1) {
        value = value << 8 | Integer(truncatingIfNeeded: bytes[place])
      }
      return value
    }
  }

  func bit(_ index: Int) throws(ArrowFault) -> Bool {
    try integer(UInt8.self, at: index >> 3) >> UInt8(index & 7) & 1 == 1
  }

  /// A part of the buffer.
  func bytes(_ part: Range<Int>) throws(ArrowFault) -> [UInt8] {
    guard part.lowerBound >= 0, part.upperBound <= count else { throw Self.outside }
    switch storage {
    case .mapped(let bytes): return bytes.integers(UInt8.self, part)
    case .unpacked(let bytes): return Array(bytes[part])
    }
  }

  /// A part of the buffer as text; nil where it is not UTF-8.
  func text(_ part: Range<Int>) throws(ArrowFault) -> String? {
    guard part.lowerBound >= 0, part.upperBound <= count else { throw Self.outside }
    switch storage {
    case .mapped(let bytes): return bytes.text(part)
    case .unpacked(let bytes): return String(validating: bytes[part], as: UTF8.self)
    }
  }

  static let outside = ArrowFault.damaged("a column points outside of its own bytes")
}
