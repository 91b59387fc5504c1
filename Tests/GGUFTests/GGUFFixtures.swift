import Base
import Checkpoint
import Foundation
import JSON
import TestSupport
import Testing

@testable import GGUF

/// The files under Tests/Fixtures/gguf, made by make_fixtures.py there.
enum GGUFFixtures {
  static func url(_ name: String) -> URL { TestPackage.fixture("gguf/" + name) }

  static func json(_ name: String) throws -> JSONObject {
    try #require(try JSONValue(parsing: [UInt8](Data(contentsOf: url(name)))).object)
  }

  static func bytes(hexadecimal text: String) -> [UInt8] {
    let digits = Array(text.utf8)
    return stride(from: 0, to: digits.count, by: 2).map { index in
      UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) ?? 0
    }
  }
}

/// The sentence of the error that `body` throws.
func refusal(_ body: () throws -> some Any) -> String {
  do {
    _ = try body()
    return "(accepted)"
  } catch {
    return "\(error)"
  }
}

/// A GGUF file put together piece by piece, right or wrong.
struct GGUFBytes {
  var version: UInt32 = 3
  var metadata: [UInt8] = []
  var metadataCount: UInt64 = 0
  var tensors: [UInt8] = []
  var tensorCount: UInt64 = 0
  var data: [UInt8] = []

  static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  static func text(_ text: String) -> [UInt8] { little(UInt64(text.utf8.count)) + Array(text.utf8) }

  mutating func add(_ key: String, type: UInt32, _ value: [UInt8]) {
    metadata += Self.text(key) + Self.little(type) + value
    metadataCount += 1
  }

  mutating func add(_ key: String, _ text: String) { add(key, type: 8, Self.text(text)) }

  mutating func add(_ key: String, _ number: UInt32) { add(key, type: 4, Self.little(number)) }

  /// - Parameter sizes: innermost first, as in the file.
  mutating func addTensor(_ name: String, sizes: [UInt64], type: UInt32, offset: UInt64) {
    tensors += Self.text(name) + Self.little(UInt32(sizes.count)) + sizes.flatMap(Self.little)
    tensors += Self.little(type) + Self.little(offset)
    tensorCount += 1
  }

  var bytes: [UInt8] {
    var result = Array("GGUF".utf8) + Self.little(version) + Self.little(tensorCount) + Self.little(metadataCount)
    result += metadata + tensors
    result += Array(repeating: 0, count: (32 - result.count % 32) % 32)
    return result + data
  }

  func write(to folder: TemporaryFolder, as name: String = "m.gguf") throws -> String {
    let path = folder.path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }
}
