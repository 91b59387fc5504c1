/// The byte-level alphabet of GPT-2 (`bytes_to_unicode`): each byte as one printable character, so that a vocabulary of
/// bytes can be written as text. Printable Latin-1 stands for itself; the other 68 bytes are U+0100 and on.
enum ByteLevelAlphabet {
  /// byte → character
  static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (UInt8.min...UInt8.max).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
      default:
        defer { next += 1 }
        return Unicode.Scalar(next) ?? Unicode.Scalar(byte)
      }
    }
  }()

  /// byte → the character's UTF-8
  static let encoded: [[UInt8]] = scalars.map { Array(String(Character($0)).utf8) }

  /// character (below U+0144) → byte, −1 where the character is not of the alphabet
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = Int16(byte) }
    return bytes
  }()

  /// `text` written in the alphabet, or nil where a character of it stands for no byte.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(text.count)
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      guard Int(scalar.value) < bytes.count, bytes[Int(scalar.value)] >= 0 else { return nil }
      decoded.append(UInt8(truncatingIfNeeded: bytes[Int(scalar.value)]))
    }
    return decoded
  }

  static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] { bytes.flatMap { encoded[Int($0)] } }
}
