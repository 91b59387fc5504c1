import Checkpoint
import Foundation

/// Writes a GGUF file, version 3, with fp32 tensors: what an adapter needs.
struct GGUFWriter {
  enum Value {
    case text(String)
    case whole(UInt32)
    case number(Float)
  }

  struct Tensor {
    let name: String
    /// Outermost first.
    let shape: [Int]
    /// Row-major; as many as the shape says.
    let values: [Float]
  }

  private static let alignment = 32

  private(set) var metadata: [(key: String, value: Value)] = []
  private(set) var tensors: [Tensor] = []

  mutating func set(_ key: String, _ value: Value) { metadata.append((key, value)) }

  mutating func add(_ name: String, shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "the values fill the shape")
    tensors.append(Tensor(name: name, shape: shape, values: values))
  }

  /// The file appears under its name when it is whole.
  /// - Throws: `CheckpointError` where the disk refuses it.
  func write(to url: URL) throws {
    var header = Data("GGUF".utf8)
    append(UInt32(3), to: &header)
    append(UInt64(tensors.count), to: &header)
    append(UInt64(metadata.count), to: &header)
    for (key, value) in metadata {
      append(key, to: &header)
      switch value {
      case .text(let text):
        append(GGUFValueType.string.rawValue, to: &header)
        append(text, to: &header)
      case .whole(let number):
        append(GGUFValueType.uint32.rawValue, to: &header)
        append(number, to: &header)
      case .number(let number):
        append(GGUFValueType.float32.rawValue, to: &header)
        append(number.bitPattern, to: &header)
      }
    }
    var offset = 0
    for tensor in tensors {
      append(tensor.name, to: &header)
      append(UInt32(tensor.shape.count), to: &header)
      // Innermost first.
      for size in tensor.shape.reversed() { append(UInt64(size), to: &header) }
      append(UInt32(0), to: &header)
      append(UInt64(offset), to: &header)
      offset += padded(tensor.values.count * 4)
    }
    header.append(Data(count: padded(header.count) - header.count))
    try AtomicFile.write(to: url) { handle in
      try handle.write(contentsOf: header)
      for tensor in tensors {
        var data = tensor.values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) }
        data.append(Data(count: padded(data.count) - data.count))
        try handle.write(contentsOf: data)
      }
    }
  }

  private func padded(_ count: Int) -> Int { (count + Self.alignment - 1) / Self.alignment * Self.alignment }

  private func append(_ value: some FixedWidthInteger, to data: inout Data) {
    withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
  }

  private func append(_ text: String, to data: inout Data) {
    append(UInt64(text.utf8.count), to: &data)
    data.append(contentsOf: text.utf8)
  }
}
