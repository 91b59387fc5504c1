import Foundation
import Testing

@testable import Text

/// Against what HF tokenizers makes of the same texts (Tests/Fixtures/tokenizer/make_normalization_golden.py).
/// WORKBENCH_NORMALIZATION_GOLDEN may name another file that the script wrote (with more texts).
@Suite struct UnicodeNormalizationTests {
  private struct Golden: Decodable {
    /// A text and its NFC, NFD, NFKC and NFKD; nil where that is the text.
    var texts: [[String?]]
    /// For each 4,096 code points the hash of the four forms of one text.
    var blocks: [[String]]
  }

  private static let forms: [UnicodeNormalization.Form] = [.nfc, .nfd, .nfkc, .nfkd]

  private func golden() throws -> Golden {
    let data =
      try ProcessInfo.processInfo.environment["WORKBENCH_NORMALIZATION_GOLDEN"].map {
        try Data(contentsOf: URL(fileURLWithPath: $0))
      } ?? TokenizerFixtures.data("normalization.golden.json")
    return try JSONDecoder().decode(Golden.self, from: data)
  }

  private func scalars(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self).unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
  }

  @Test func constructedTexts() throws {
    for row in try golden().texts {
      let text = Array(try #require(row[0]).utf8)
      for (form, expected) in zip(Self.forms, row.dropFirst()) {
        let expected = expected.map { Array($0.utf8) } ?? text
        let found = UnicodeNormalization.normalize(text, form)
        #expect(found == expected, "\(form) of \(scalars(text)): \(scalars(found)), not \(scalars(expected))")
      }
    }
  }

  /// U+20041 ends in the 16 bits of A: the acute accent behind it must stay where it is.
  @Test func supplementaryCharactersAreTheirOwn() {
    let text = Array("\u{20041}\u{301}".utf8)
    for form in Self.forms { #expect(UnicodeNormalization.normalize(text, form) == text, "\(form)") }
  }

  @Test func allOfUnicode() throws {
    for (block, hashes) in try golden().blocks.enumerated() {
      var text = String.UnicodeScalarView()
      for point in block << 12..<(block + 1) << 12 {
        guard let scalar = Unicode.Scalar(UInt32(point)) else { continue }
        text.append(contentsOf: ["x", scalar, "\u{301}", "\u{323}", " "])
      }
      let bytes = Array(String(text).utf8)
      for (form, expected) in zip(Self.forms, hashes) {
        let found = Self.hash(UnicodeNormalization.normalize(bytes, form))
        #expect(found == expected, "\(form) of the block from \(String(block << 12, radix: 16))")
      }
    }
  }

  /// A form is its own form, and what is in it comes back with the same bytes.
  @Test func formsAreTheirOwnForms() throws {
    for row in try golden().texts {
      for form in Self.forms {
        let once = UnicodeNormalization.normalize(Array((row[0] ?? "").utf8), form)
        #expect(UnicodeNormalization.normalize(once, form) == once)
      }
    }
  }

  /// A hundred thousand marks behind one letter, in the worst order, take a moment.
  @Test func longRunsOfMarks() {
    let marks = Array(("a" + String(repeating: "\u{301}\u{323}", count: 50_000)).utf8)
    let expected = Array(
      ("\u{1EA1}" + String(repeating: "\u{323}", count: 49_999) + String(repeating: "\u{301}", count: 50_000)).utf8)
    #expect(UnicodeNormalization.normalize(marks, .nfc) == expected)
  }

  /// FNV-1a, 64 bits.
  private static func hash(_ bytes: [UInt8]) -> String {
    let value = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
