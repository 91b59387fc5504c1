import Control
import Foundation

/// The scored responses of a visit beyond the first two, as they lie in `visit.more`: for each one its index and token
/// count (LEB128), then its log-prob under policy and reference (IEEE 754 doubles, little-endian), nats.
enum ScoredResponses {
  static func encode(_ scored: ArraySlice<ScoredResponse>) -> Data? {
    guard !scored.isEmpty else { return nil }
    var bytes: [UInt8] = []
    for response in scored {
      append(UInt64(max(0, response.response)), to: &bytes)
      append(UInt64(max(0, response.tokens)), to: &bytes)
      append(response.logProb, to: &bytes)
      append(response.referenceLogProb, to: &bytes)
    }
    return Data(bytes)
  }

  /// nil where the bytes are not such a list.
  static func decode(_ data: Data) -> [ScoredResponse]? {
    var reader = ArraySlice(data)
    var scored: [ScoredResponse] = []
    while !reader.isEmpty {
      guard let response = whole(&reader), let tokens = whole(&reader), let logProb = double(&reader),
        let reference = double(&reader)
      else { return nil }
      scored.append(
        ScoredResponse(response: response, logProb: logProb, referenceLogProb: reference, tokens: tokens))
    }
    return scored
  }

  private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var left = value
    while left >= 0x80 {
      bytes.append(UInt8(left & 0x7F) | 0x80)
      left >>= 7
    }
    bytes.append(UInt8(left))
  }

  private static func append(_ value: Double, to bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(shift)))
    }
  }

  /// A LEB128 number below 2^31.
  private static func whole(_ reader: inout ArraySlice<UInt8>) -> Int? {
    var value = 0
    for shift in stride(from: 0, to: 35, by: 7) {
      guard let byte = reader.popFirst() else { return nil }
      value |= Int(byte & 0x7F) << shift
      if byte < 0x80 { return value < 1 << 31 ? value : nil }
    }
    return nil
  }

  private static func double(_ reader: inout ArraySlice<UInt8>) -> Double? {
    guard reader.count >= 8 else { return nil }
    var bits: UInt64 = 0
    for (index, byte) in reader.prefix(8).enumerated() { bits |= UInt64(byte) << UInt64(8 * index) }
    reader.removeFirst(8)
    return Double(bitPattern: bits)
  }
}
