import Base
import Checkpoint
import JSON

/// A tensor of a GGUF file: where its blocks lie.
struct GGUFTensor: Sendable {
  let name: String
  let type: GGMLType
  /// Sizes, outermost first (the file has them innermost first): a linear weight is [out, in].
  let shape: [Int]
  /// Its bytes in the file.
  let range: Range<Int>

  var elementCount: Int { shape.reduce(1, *) }
  /// Elements of a row, which is stored in whole blocks.
  var rowElements: Int { shape.last ?? 1 }
  var rowBytes: Int { rowElements / type.blockElements * type.blockBytes }
}

/// A GGUF file (version 2 or 3, little-endian), memory-mapped. Opening checks everything but the weights: each count and
/// length against the file's size, each tensor's place. Format: docs/gguf.md of ggml.
struct GGUFFile {
  let path: String
  /// The values that are no lists, by key.
  let scalars: JSONObject
  let arrays: [String: GGUFArray]
  /// In the file's order.
  let tensors: [GGUFTensor]
  let file: MappedFile
  /// Where the tensors' data begins: all before it is the header.
  let dataStart: Int
  private let positions: [String: Int]

  private static let magic: [UInt8] = Array("GGUF".utf8)
  private static let defaultAlignment = 32
  private static let longestKey = 65_535

  /// - Throws: `CheckpointError` where the file is unreadable, or breaks the format in any way.
  init(path: String) throws {
    let file: MappedFile
    do {
      file = try MappedFile(path: path)
    } catch let error as MappedFileError {
      throw CheckpointError.unreadable(file: error.path, reason: error.reason)
    }
    var cursor = HeaderCursor(file: file)
    try Self.checkVersion(&cursor)
    // A tensor takes a name's length, a number of sizes, a type and an offset; a value a key's length, a type and a byte.
    let tensorCount = try cursor.count("tensors", minimum: 24)
    let valueCount = try cursor.count("metadata values", minimum: 13)
    let (scalars, arrays) = try Self.readMetadata(&cursor, count: valueCount)
    let alignment = try Self.alignment(scalars, path: path)
    self.path = path
    self.file = file
    self.scalars = scalars
    self.arrays = arrays
    (tensors, dataStart) = try Self.readTensors(&cursor, count: tensorCount, alignment: alignment)
    positions = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
  }

  subscript(tensor name: String) -> GGUFTensor? { positions[name].map { tensors[$0] } }

  /// The first tensor that is there of those named.
  func hasTensor(_ name: String) -> Bool { positions[name] != nil }

  // MARK: Reading

  private static func checkVersion(_ cursor: inout HeaderCursor) throws {
    guard cursor.remaining >= 24, Array(try cursor.bytes(4)) == magic else {
      throw cursor.malformed("it does not begin as a GGUF file does")
    }
    let version = UInt32(try cursor.unsigned(width: 4))
    guard version & 0xFFFF != 0 else {
      throw CheckpointError.unsupported(
        file: cursor.file.path, feature: "a big-endian GGUF file",
        supported: "little-endian ones (gguf_convert_endian.py of llama.cpp turns one into the other)")
    }
    guard version == 2 || version == 3 else {
      throw CheckpointError.unsupported(
        file: cursor.file.path, feature: "version \(version) of GGUF",
        supported: "versions 2 and 3 (llama-quantize of llama.cpp writes the current one)")
    }
  }

  private static func readMetadata(
    _ cursor: inout HeaderCursor, count: Int
  ) throws -> (JSONObject, [String: GGUFArray]) {
    var scalars = JSONObject()
    var arrays: [String: GGUFArray] = [:]
    for _ in 0..<count {
      let bytes = try cursor.string()
      guard bytes.count <= longestKey, let key = String(validating: bytes, as: UTF8.self) else {
        throw cursor.malformed("a key of its metadata is not a text of at most \(longestKey) bytes")
      }
      let isNew: Bool
      switch try cursor.value(key: key) {
      case .scalar(let value): isNew = arrays[key] == nil && scalars.insert(key, value)
      case .array(let array): isNew = !scalars.contains(key) && arrays.updateValue(array, forKey: key) == nil
      }
      guard isNew else { throw cursor.malformed("the key \(CheckpointError.quoted(key)) stands twice in its metadata") }
    }
    return (scalars, arrays)
  }

  private static func alignment(_ scalars: JSONObject, path: String) throws -> Int {
    guard let value = scalars["general.alignment"] else { return defaultAlignment }
    guard let alignment = value.integer, alignment > 0, alignment <= 1 << 20, alignment & (alignment - 1) == 0 else {
      throw CheckpointError.invalidValue(
        file: path, key: "general.alignment", value: "\(value)", allowed: "a power of two up to \(1 << 20)")
    }
    return alignment
  }

  private static func readTensors(
    _ cursor: inout HeaderCursor, count: Int, alignment: Int
  ) throws -> ([GGUFTensor], dataStart: Int) {
    var entries: [(name: String, type: GGMLType, shape: [Int], bytes: Int, offset: Int)] = []
    var names: Set<String> = []
    for _ in 0..<count {
      guard let name = String(validating: try cursor.string(), as: UTF8.self), name.utf8.count <= longestKey else {
        throw cursor.malformed("a tensor's name is not a text of at most \(longestKey) bytes")
      }
      let label = "its tensor \(CheckpointError.quoted(name))"
      guard names.insert(name).inserted else { throw cursor.malformed("\(label) is there twice") }
      let shape = try readShape(&cursor, label)
      let number = UInt32(try cursor.unsigned(width: 4))
      guard let type = GGMLType.numbered(number) else {
        throw cursor.malformed("\(label) is of the unknown type \(number)")
      }
      let elements = shape.reduce(1, *)
      guard (shape.last ?? 1) % type.blockElements == 0 else {
        throw cursor.malformed("\(label) has rows of \(shape.last ?? 1), which is no multiple of \(type.blockElements)")
      }
      let offset = try cursor.unsigned(width: 8)
      guard offset <= UInt64(cursor.file.count), offset % UInt64(alignment) == 0 else {
        throw cursor.malformed("\(label) lies outside it, or not at a multiple of \(alignment)")
      }
      entries.append((name, type, shape, elements / type.blockElements * type.blockBytes, Int(offset)))
    }
    let dataStart = (cursor.position + alignment - 1) / alignment * alignment
    let tensors = try entries.map { entry in
      let start = dataStart + entry.offset
      guard entry.bytes <= cursor.file.count, start <= cursor.file.count - entry.bytes else {
        throw cursor.malformed(
          "its tensor \(CheckpointError.quoted(entry.name)) reaches beyond its end; it is cut short")
      }
      return GGUFTensor(name: entry.name, type: entry.type, shape: entry.shape, range: start..<start + entry.bytes)
    }
    return (tensors, dataStart)
  }

  /// Sizes, outermost first; their product times the widest element's bytes fits in 63 bits.
  private static func readShape(_ cursor: inout HeaderCursor, _ label: String) throws -> [Int] {
    let dimensions = Int(try cursor.unsigned(width: 4))
    guard dimensions <= 4 else { throw cursor.malformed("\(label) has \(dimensions) dimensions, more than 4") }
    var shape: [Int] = []
    var product = 1
    for _ in 0..<dimensions {
      let size = try cursor.unsigned(width: 8)
      let (next, overflow) = product.multipliedReportingOverflow(by: Int(clamping: size))
      guard size > 0, size < 1 << 48, !overflow, next < 1 << 48 else {
        throw cursor.malformed("\(label) has an impossible shape")
      }
      product = next
      shape.append(Int(size))
    }
    return shape.reversed()
  }
}
