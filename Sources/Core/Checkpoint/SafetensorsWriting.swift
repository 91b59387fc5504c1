import Base
import Foundation
import JSON

/// One tensor to be written. Values are converted to the stored type piece by piece, so that a large tensor never
/// stands in memory whole.
public struct SafetensorsEntry: Sendable {
  enum Contents: Sendable {
    case floats([Float], StoredType)
    /// fp32 values of a range of elements, in row-major order; called with successive ranges that tile the tensor.
    case computed(StoredType, @Sendable (Range<Int>) throws -> [Float])
    /// Bytes as they stand in another file, of the type that the header names so.
    case bytes(MappedBytes, dataType: String)
  }

  public let name: String
  public let shape: [Int]
  let contents: Contents

  /// A tensor in memory, row-major.
  public init(name: String, shape: [Int], values: [Float], type: StoredType = .fp32) {
    self.init(name: name, shape: shape, contents: .floats(values, type))
  }

  /// A tensor computed while it is written: `values` returns the elements of each range asked for.
  public init(
    name: String, shape: [Int], type: StoredType, values: @escaping @Sendable (Range<Int>) throws -> [Float]
  ) {
    self.init(name: name, shape: shape, contents: .computed(type, values))
  }

  /// A tensor copied from another file, bit for bit.
  public init(_ tensor: StoredTensor) {
    self.init(
      name: tensor.name, shape: tensor.shape, contents: .bytes(tensor.bytes, dataType: tensor.type.rawValue))
  }

  init(name: String, shape: [Int], contents: Contents) {
    self.name = name
    self.shape = shape
    self.contents = contents
  }

  var dataType: String {
    switch contents {
    case .floats(_, let type), .computed(let type, _): type.rawValue
    case .bytes(_, let dataType): dataType
    }
  }

  /// Elements, or nil where the shape is impossible.
  var elementCount: Int? {
    var product = 1
    for size in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { return nil }
      product = next
    }
    return product
  }
}

extension SafetensorsFile {
  /// Elements converted and written at a time.
  private static let pieceSize = 1 << 20

  /// Writes tensors in the given order, moving wider element types first so that each starts at a multiple of its
  /// width; the data part starts at a multiple of 8. The file appears under its name only when it is complete.
  /// - Throws: `CheckpointError` for a name given twice, values that do not fill their shape, or a failing disk.
  public static func write(_ tensors: [SafetensorsEntry], metadata: [String: String] = [:], to url: URL) throws {
    func refuse(_ reason: String) -> CheckpointError { .unwritable(file: url.path, reason: reason) }

    var header = JSONObject()
    if !metadata.isEmpty {
      var object = JSONObject()
      for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { object.insert(key, .string(value)) }
      header.insert("__metadata__", .object(object))
    }
    let ordered = tensors.map { (entry: $0, bits: SafetensorsHeader.bitWidths[$0.dataType] ?? 8) }
      .enumerated().sorted { ($1.element.bits, $0.offset) < ($0.element.bits, $1.offset) }.map(\.element)
    var end = 0
    for (entry, bits) in ordered {
      guard let count = entry.elementCount, count <= 1 << 56 else {
        throw refuse("tensor \(CheckpointError.quoted(entry.name)) has the impossible shape \(entry.shape)")
      }
      let size = count * bits / 8
      let given: Int? =
        switch entry.contents {
        case .floats(let values, let type): values.count * type.byteWidth
        case .bytes(let bytes, _): bytes.count
        case .computed: nil
        }
      guard given == nil || given == size else {
        throw refuse("the values of tensor \(CheckpointError.quoted(entry.name)) do not fill its shape \(entry.shape)")
      }
      var object = JSONObject()
      object.insert("dtype", .string(entry.dataType))
      object.insert("shape", .array(entry.shape.map { .integer($0) }))
      object.insert("data_offsets", .array([.integer(end), .integer(end + size)]))
      guard header.insert(entry.name, .object(object)), entry.name != "__metadata__" else {
        throw refuse("the tensor name \(CheckpointError.quoted(entry.name)) is given twice or reserved")
      }
      end += size
    }

    var text = Array(JSONValue.object(header).compactText.utf8)
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
    try AtomicFile.write(to: url) { handle in
      try handle.write(contentsOf: withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) })
      try handle.write(contentsOf: Data(text))
      for (entry, _) in ordered { try write(entry, to: handle, refuse: refuse) }
    }
  }

  private static func write(
    _ entry: SafetensorsEntry, to handle: FileHandle, refuse: (String) -> CheckpointError
  ) throws {
    let count = entry.elementCount ?? 0
    switch entry.contents {
    case .bytes(let bytes, _):
      for start in stride(from: 0, to: bytes.count, by: 4 * pieceSize) {
        let piece: [UInt8] = bytes.integers(UInt8.self, start..<min(start + 4 * pieceSize, bytes.count))
        try handle.write(contentsOf: Data(piece))
      }
    case .floats(let values, let type):
      for start in stride(from: 0, to: count, by: pieceSize) {
        try handle.write(contentsOf: type.encode(values[start..<min(start + pieceSize, count)]))
      }
    case .computed(let type, let values):
      for start in stride(from: 0, to: count, by: pieceSize) {
        let range = start..<min(start + pieceSize, count)
        let piece = try values(range)
        guard piece.count == range.count else {
          throw refuse(
            "the values of tensor \(CheckpointError.quoted(entry.name)) do not fill its shape \(entry.shape)")
        }
        try handle.write(contentsOf: type.encode(piece[...]))
      }
    }
  }
}

extension StoredType {
  /// Little-endian bytes of fp32 values cast to this type, rounding to nearest even.
  func encode(_ values: ArraySlice<Float>) -> Data {
    switch self {
    // A closure: a key path of two members is walked for every element, which takes a hundred times as long.
    case .fp32: values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) }
    case .bf16: values.map { HalfPrecision.bfloat16($0).littleEndian }.withUnsafeBytes { Data($0) }
    case .fp16: values.map { HalfPrecision.float16($0).littleEndian }.withUnsafeBytes { Data($0) }
    }
  }
}
