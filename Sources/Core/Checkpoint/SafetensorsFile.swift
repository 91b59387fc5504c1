import Base

/// A safetensors file, memory-mapped and fully checked when opened.
public struct SafetensorsFile: Sendable {
  public let path: String
  /// In the order of their data.
  public var names: [String] { header.entries.map(\.name) }
  public var metadata: [String: String] { header.metadata }
  /// Bytes of tensor data.
  public var dataByteCount: Int { file.count - header.dataStart }

  let header: SafetensorsHeader
  let file: MappedFile
  private let positions: [String: Int]

  /// - Throws: `CheckpointError` where the file is unreadable, or breaks the format in any way.
  public init(path: String) throws {
    do {
      let file = try MappedFile(path: path)
      let header = try SafetensorsHeader(reading: file)
      self.path = path
      self.file = file
      self.header = header
      positions = Dictionary(uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
    } catch let error as MappedFileError {
      throw CheckpointError.unreadable(file: error.path, reason: error.reason)
    }
  }

  public func hasTensor(_ name: String) -> Bool { positions[name] != nil }

  /// - Throws: `CheckpointError` where the tensor is missing, or stored as something else than bf16, fp16 or fp32.
  public func tensor(_ name: String) throws -> StoredTensor {
    let (type, shape, range) = try tensorInfo(name)
    do {
      let bytes = try file.slice(range).aligned(to: type.byteWidth)
      return StoredTensor(name: name, type: type, shape: shape, bytes: bytes)
    } catch let error as MappedFileError {
      throw CheckpointError.unreadable(file: error.path, reason: error.reason)
    }
  }

  /// What the header says of a tensor, without touching its data.
  func tensorInfo(_ name: String) throws -> (type: StoredType, shape: [Int], range: Range<Int>) {
    guard let entry = entry(name) else { throw CheckpointError.missingTensor(file: path, name: name) }
    guard let type = StoredType(rawValue: entry.dataType) else {
      throw CheckpointError.unsupported(
        file: path, feature: "tensor \(CheckpointError.quoted(name)) of type \(entry.dataType)",
        supported: "BF16, F16 and F32")
    }
    return (type, entry.shape, entry.range)
  }

  func entry(_ name: String) -> SafetensorsHeader.Entry? {
    positions[name].map { header.entries[$0] }
  }
}
