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
      _ = compress(pending, from: 0)
      pending.removeAll(keepingCapacity: true)
    }
    pending += bytes[compress(bytes, from: position)...]
  }

  /// The 32 bytes of the digest.
  public mutating func finish() -> [UInt8] {
    let bits = length &* 8
    let padding = (119 - Int(length % 64)) % 64
    update(
      [0x80] + [UInt8](repeating: 0, count: padding) + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) })
    return (0..<32).map { UInt8(truncatingIfNeeded: state[$0 / 4] >> (24 - 8 * UInt32($0 % 4))) }
  }

  /// Whole blocks from `start` on; returns where the rest begins. State and schedule are locals, so that the loops run
  /// without checks for shared storage.
  private mutating func compress(_ bytes: [UInt8], from start: Int) -> Int {
    var words = [UInt32](repeating: 0, count: 64)
    let constants = Self.constants
    var position = start
    while bytes.count - position >= 64 {
      for index in 0..<16 {
        let at = position + 4 * index
        words[index] =
          UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16 | UInt32(bytes[at + 2]) << 8 | UInt32(bytes[at + 3])
      }
      for index in 16..<64 {
        let early = words[index - 15]
        let late = words[index - 2]
        let sigma0 = Self.rotate(early, 7) ^ Self.rotate(early, 18) ^ early &>> 3
        let sigma1 = Self.rotate(late, 17) ^ Self.rotate(late, 19) ^ late &>> 10
        words[index] = words[index - 16] &+ sigma0 &+ words[index - 7] &+ sigma1
      }
      var (a, b, c, d) = (state[0], state[1], state[2], state[3])
      var (e, f, g, h) = (state[4], state[5], state[6], state[7])
      // Eight rounds at a time: each names its registers differently instead of moving eight values along.
      for round in stride(from: 0, to: 64, by: 8) {
        Self.round(a, b, c, &d, e, f, g, &h, constants[round] &+ words[round])
        Self.round(h, a, b, &c, d, e, f, &g, constants[round + 1] &+ words[round + 1])
        Self.round(g, h, a, &b, c, d, e, &f, constants[round + 2] &+ words[round + 2])
        Self.round(f, g, h, &a, b, c, d, &e, constants[round + 3] &+ words[round + 3])
        Self.round(e, f, g, &h, a, b, c, &d, constants[round + 4] &+ words[round + 4])
        Self.round(d, e, f, &g, h, a, b, &c, constants[round + 5] &+ words[round + 5])
        Self.round(c, d, e, &f, g, h, a, &b, constants[round + 6] &+ words[round + 6])
        Self.round(b, c, d, &e, f, g, h, &a, constants[round + 7] &+ words[round + 7])
      }
      state &+= SIMD8(a, b, c, d, e, f, g, h)
      position += 64
    }
    return position
  }

  @inline(__always)
  private static func round(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32, _ g: UInt32,
    _ h: inout UInt32, _ input: UInt32
  ) {
    let sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    h = h &+ sum1 &+ (g ^ e & (f ^ g)) &+ input
    d = d &+ h
    let sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    h = h &+ sum0 &+ (a & b | c & (a | b))
  }

  private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word &>> count | word &<< (32 &- count)
  }

  private static let constants: [UInt32] = [
    0x428A_2F98, 0x7137_4491, 0xB5C0_FBCF, 0xE9B5_DBA5, 0x3956_C25B, 0x59F1_11F1, 0x923F_82A4, 0xAB1C_5ED5,
    0xD807_AA98, 0x1283_5B01, 0x2431_85BE, 0x550C_7DC3, 0x72BE_5D74, 0x80DE_B1FE, 0x9BDC_06A7, 0xC19B_F174,
    0xE49B_69C1, 0xEFBE_4786, 0x0FC1_9DC6, 0x240C_A1CC, 0x2DE9_2C6F, 0x4A74_84AA, 0x5CB0_A9DC, 0x76F9_88DA,
    0x983E_5152, 0xA831_C66D, 0xB003_27C8, 0xBF59_7FC7, 0xC6E0_0BF3, 0xD5A7_9147, 0x06CA_6351, 0x1429_2967,
    0x27B7_0A85, 0x2E1B_2138, 0x4D2C_6DFC, 0x5338_0D13, 0x650A_7354, 0x766A_0ABB, 0x81C2_C92E, 0x9272_2C85,
    0xA2BF_E8A1, 0xA81A_664B, 0xC24B_8B70, 0xC76C_51A3, 0xD192_E819, 0xD699_0624, 0xF40E_3585, 0x106A_A070,
    0x19A4_C116, 0x1E37_6C08, 0x2748_774C, 0x34B0_BCB5, 0x391C_0CB3, 0x4ED8_AA4A, 0x5B9C_CA4F, 0x682E_6FF3,
    0x748F_82EE, 0x78A5_636F, 0x84C8_7814, 0x8CC7_0208, 0x90BE_FFFA, 0xA450_6CEB, 0xBEF9_A3F7, 0xC671_78F2,
  ]
}
