import Foundation
import Testing

@testable import Checkpoint

@Suite struct FiniteWeightsTests {
  private func tensor(_ type: String, _ bytes: [UInt8], width: Int) throws -> StoredTensor {
    let scratch = try CheckpointScratch()
    let header = #"{"t":{"dtype":"\#(type)","shape":[\#(bytes.count / width)],"data_offsets":[0,\#(bytes.count)]}}"#
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
    return try SafetensorsFile(path: scratch.write(length + Array(header.utf8) + bytes, as: "t.safetensors")).tensor(
      "t")
  }

  /// The largest finite number of each type is finite, and NaN and both infinities are found wherever they stand.
  @Test func findsWhatIsNotFinite() throws {
    let types: [(String, width: Int, finite: [UInt8], others: [[UInt8]])] = [
      ("BF16", 2, [0x7F, 0x7F], [[0x80, 0x7F], [0x80, 0xFF], [0xC0, 0x7F]]),
      ("F16", 2, [0xFF, 0x7B], [[0x00, 0x7C], [0x00, 0xFC], [0x01, 0x7C]]),
      ("F32", 4, [0xFF, 0xFF, 0x7F, 0x7F], [[0, 0, 0x80, 0x7F], [0, 0, 0x80, 0xFF], [1, 0, 0x80, 0x7F]]),
    ]
    for (type, width, finite, others) in types {
      let count = (1 << 16) + 3
      let bytes = Array(repeatElement(finite, count: count).joined())
      #expect(try tensor(type, bytes, width: width).firstNotFinite() == nil, "\(type)")
      for other in others {
        for place in [0, 1 << 16, count - 1] {
          var changed = bytes
          changed.replaceSubrange(place * width..<(place + 1) * width, with: other)
          #expect(try tensor(type, changed, width: width).firstNotFinite() == place, "\(type) \(other)")
        }
      }
    }
  }
}
