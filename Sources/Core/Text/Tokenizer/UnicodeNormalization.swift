import Foundation

/// Unicode normal forms as HF tokenizers computes them: those of Unicode 9, in which marks and decompositions that later
/// versions added are ordinary characters. Foundation follows a later version, so text is cut at such characters, which
/// combine with nothing, and the parts between them are normalized.
enum UnicodeNormalization {
  enum Form: Sendable {
    case nfc, nfd, nfkc, nfkd
  }

  static func normalize(_ bytes: [UInt8], _ form: Form) -> [UInt8] {
    guard !isNormal(bytes, form) else { return bytes }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var part = String.UnicodeScalarView()
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      if standsAlone(scalar) {
        output.append(contentsOf: normalized(String(part), form).utf8)
        part.removeAll(keepingCapacity: true)
        output.append(contentsOf: String(Character(scalar)).utf8)
      } else {
        part.append(scalar)
      }
    }
    output.append(contentsOf: normalized(String(part), form).utf8)
    return output
  }

  /// Whether the text is known to be in the form already.
  private static func isNormal(_ bytes: [UInt8], _ form: Form) -> Bool {
    guard form == .nfc else { return bytes.allSatisfy { $0 < 0x80 } }
    let lookup = UnicodeClasses.Lookup()
    var index = 0
    while index < bytes.count {
      // Nothing below U+0300 changes, and its lead bytes are below 0xCC.
      if bytes[index] < 0xCC {
        index += 1
        continue
      }
      let (classes, length) = lookup(bytes, index)
      if classes.contains(.composing) { return false }
      index += length
    }
    return true
  }

  private static let oldHangul: [ClosedRange<UInt32>] = [0x1113...0x1160, 0x1176...0x11A7, 0x11C3...0x11FF]

  /// Whether text is cut at this character.
  private static func standsAlone(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.value >= 0x300 else { return false }
    // Old Hangul letters, which compose with nothing, but which Foundation on Linux takes for neighbouring modern ones.
    if oldHangul.contains(where: { $0.contains(scalar.value) }) { return true }
    if scalar.properties.canonicalCombiningClass != .notReordered {
      return !UnicodeClasses(scalar).contains(.combining)
    }
    let ranges = UnicodeTables.laterComposing
    return stride(from: 0, to: ranges.count - 1, by: 2).contains {
      ranges[$0] <= scalar.value && scalar.value <= ranges[$0 + 1]
    }
  }

  private static func normalized(_ text: String, _ form: Form) -> String {
    switch form {
    case .nfd: return decomposed(text)
    case .nfkd: return decomposed(text.decomposedStringWithCompatibilityMapping)
    case .nfc: return composingHangul(decomposed(text).precomposedStringWithCanonicalMapping)
    case .nfkc:
      let decomposed = decomposed(text.decomposedStringWithCompatibilityMapping)
      return composingHangul(decomposed.precomposedStringWithCanonicalMapping)
    }
  }

  /// Twice, because Foundation on Linux does not put marks in order that come out of one character's decomposition and
  /// meet another's.
  private static func decomposed(_ text: String) -> String {
    text.decomposedStringWithCanonicalMapping.decomposedStringWithCanonicalMapping
  }

  /// Joins a Hangul syllable without a final consonant to one that follows it (Unicode 3.12), which Foundation on Linux
  /// leaves undone where the syllable was composed before.
  private static func composingHangul(_ text: String) -> String {
    let (syllables, finals): (ClosedRange<UInt32>, ClosedRange<UInt32>) = (0xAC00...0xD7A3, 0x11A8...0x11C2)
    guard text.unicodeScalars.contains(where: { finals.contains($0.value) }) else { return text }
    var output = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if finals.contains(scalar.value), let last = output.last, syllables.contains(last.value),
        (last.value - syllables.lowerBound) % 28 == 0,
        let joined = Unicode.Scalar(last.value + scalar.value - finals.lowerBound + 1)
      {
        output.removeLast()
        output.append(joined)
      } else {
        output.append(scalar)
      }
    }
    return String(output)
  }
}
