/// SHA-256 (FIPS 180-4), fed in pieces.
public struct SHA256: Sendable {
  private var state: SIMD8<UInt32> = [
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
  ]
  /// Bytes that do not fill a block yet.
  private var pending: [UInt8] = []
  private var length: UInt64 = 0

  public init() {}

  public static func hash(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var hash = SHA256()
    hash.update(Array(bytes))
    return hash.finish()
  }

  /// The hashes of parts of files, two of one length at once or one alone, without a copy.
  package static func hashes(_ parts: [MappedBytes]) throws -> [[UInt8]] {
    var states = parts.map { _ in SHA256().state }
    let start = BlockHash.sha256(&states, parts)
    return try zip(parts, states).map { part, state in
      var hash = SHA256()
      hash.state = state
      hash.length = UInt64(part.count)
      hash.pending = try part.slice(start..<part.count).integers(UInt8.self)
      return hash.finish()
    }
  }

  /// The digest as 64 hexadecimal digits.
  public static func hexadecimal(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hexadecimal(digest: hash.finish())
  }

  public static func hexadecimal(digest: [UInt8]) -> String {
    digest.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
  }

  public mutating func update(_ bytes: [UInt8]) {
    length &+= UInt64(bytes.count)
    var position = 0
    if !pending.isEmpty {
      position = min(64 - pending.count, bytes.count)
      pending += bytes[..<position]
      guard pending.count == 64 else { return }
      _ = BlockHash.sha256(&state, pending, from: 0)
      pending.removeAll(keepingCapacity: true)
    }
    pending += bytes[BlockHash.sha256(&state, bytes, from: position)...]
  }

  /// The same for a part of a file, without a copy; all parts but the last are whole blocks of 64 bytes.
  package mutating func update(_ part: MappedBytes) throws {
    precondition(pending.isEmpty, "whole blocks so far")
    length &+= UInt64(part.count)
    var states = [state]
    let start = BlockHash.sha256(&states, [part])
    state = states[0]
    pending = try part.slice(start..<part.count).integers(UInt8.self)
  }

  /// The 32 bytes of the digest.
  public mutating func finish() -> [UInt8] {
    let bits = length &* 8
    let padding = (119 - Int(length % 64)) % 64
    update(
      [0x80] + [UInt8](repeating: 0, count: padding) + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) })
    return (0..<32).map { UInt8(truncatingIfNeeded: state[$0 / 4] >> (24 - 8 * UInt32($0 % 4))) }
  }
}
