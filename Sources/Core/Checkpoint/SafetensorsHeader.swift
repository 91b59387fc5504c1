import Base
import JSON

/// The index at the head of a safetensors file: 8 bytes of length n (little-endian), n bytes of JSON, then the data.
/// Reads as strictly as the reference implementation (github.com/huggingface/safetensors): offsets must tile the data
/// part without gap or overlap, and each length must equal the product of its shape.
struct SafetensorsHeader: Sendable {
  struct Entry: Sendable, Equatable {
    let name: String
    /// As written in the file, such as "BF16" or "I64"; one of `bitWidths`.
    let dataType: String
    let shape: [Int]
    /// Position inside the whole file.
    let range: Range<Int>
  }

  /// The reference implementation's limit.
  static let maximumLength = 100_000_000

  /// Bits per element of every type in the format, whether or not this program computes with it.
  static let bitWidths: [String: Int] = [
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
  ]

  /// Where the data part begins in the file.
  let dataStart: Int
  /// In the order of their data.
  let entries: [Entry]
  let metadata: [String: String]

  init(reading file: MappedFile) throws {
    func malformed(_ problem: String) -> CheckpointError { .malformed(file: file.path, problem: problem) }

    guard file.count >= 8 else { throw malformed("it is shorter than a safetensors header") }
    let declared = try file.slice(0..<8).integers(UInt64.self).first ?? 0
    guard declared <= Self.maximumLength else {
      throw malformed("its header claims \(declared) bytes (at most \(Self.maximumLength)); is it a safetensors file?")
    }
    let dataStart = 8 + Int(declared)
    guard dataStart <= file.count else {
      throw malformed("its header claims \(declared) bytes, but the file ends after \(file.count)")
    }
    let text: [UInt8] = try file.slice(8..<dataStart).integers()
    guard text.first == UInt8(ascii: "{") else { throw malformed("its header does not start with {") }
    let json = try JSONObject(parsing: text, file: file.path)

    var entries: [Entry] = []
    var metadata: [String: String] = [:]
    for (name, value) in json.members {
      guard case .object(let object) = value else {
        throw malformed("its entry \(CheckpointError.quoted(name)) is not an object")
      }
      if name == "__metadata__" {
        for (key, value) in object.members {
          guard let text = value.string else {
            throw malformed("its metadata \(CheckpointError.quoted(key)) is not a string")
          }
          metadata[key] = text
        }
      } else {
        entries.append(try Self.entry(name, object, dataStart: dataStart, file: file))
      }
    }
    // Empty tensors share their offset with the next one; ties keep a fixed order.
    entries.sort {
      ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name)
    }
    var end = dataStart
    for entry in entries {
      guard entry.range.lowerBound == end else {
        let what = entry.range.lowerBound > end ? "leaves a gap before" : "overlaps the data before"
        throw malformed("tensor \(CheckpointError.quoted(entry.name)) \(what) it")
      }
      end = entry.range.upperBound
    }
    guard end == file.count else {
      throw malformed("\(file.count - end) bytes after the last tensor belong to none")
    }
    self.dataStart = dataStart
    self.entries = entries
    self.metadata = metadata
  }

  private static func entry(_ name: String, _ object: JSONObject, dataStart: Int, file: MappedFile) throws -> Entry {
    func malformed(_ problem: String) -> CheckpointError {
      .malformed(file: file.path, problem: "tensor \(CheckpointError.quoted(name)) \(problem)")
    }
    guard let dataType = object["dtype"]?.string else { throw malformed("has no dtype") }
    guard let bits = bitWidths[dataType] else {
      throw malformed("has the unknown dtype \(CheckpointError.quoted(dataType))")
    }
    guard case .array(let sizes)? = object["shape"] else { throw malformed("has no shape") }
    guard case .array(let offsets)? = object["data_offsets"], offsets.count == 2,
      case .integer(let start) = offsets[0], case .integer(let end) = offsets[1]
    else { throw malformed("has no pair of data_offsets") }
    guard let unknown = object.members.first(where: { !["dtype", "shape", "data_offsets"].contains($0.key) }) else {
      var shape: [Int] = []
      var size = bits
      for value in sizes {
        guard case .integer(let length) = value, length >= 0 else { throw malformed("has a shape that is not whole") }
        let (product, overflow) = size.multipliedReportingOverflow(by: length)
        guard !overflow else { throw malformed("has a shape too large for any file") }
        size = product
        shape.append(length)
      }
      guard size % 8 == 0 else { throw malformed("does not fill whole bytes") }
      guard 0 <= start, start <= end, end <= file.count - dataStart else {
        throw malformed("claims bytes \(start) to \(end) of \(file.count - dataStart); is the file cut short?")
      }
      guard end - start == size / 8 else {
        throw malformed("has \(end - start) bytes, but its shape \(shape) and dtype \(dataType) ask for \(size / 8)")
      }
      return Entry(name: name, dataType: dataType, shape: shape, range: dataStart + start..<dataStart + end)
    }
    throw malformed("has the unknown field \(CheckpointError.quoted(unknown.key))")
  }
}
