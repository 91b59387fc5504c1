import Foundation
import TestSupport
import Testing

@testable import Text

@Suite struct WordScannerTests {
  private func words(_ scanner: WordScanner, _ text: String) -> [String] {
    var pieces: [Piece] = []
    let bytes = Array(text.utf8)
    scanner.scan(bytes, Piece(0..<bytes.count, isAtStart: true), into: &pieces)
    return pieces.map { String(decoding: bytes[$0.range], as: UTF8.self) }
  }

  @Test func gpt2() {
    #expect(words(.gpt2, "I'll go  to\n 12ab ?!") == ["I", "'ll", " go", " ", " to", "\n", " 12", "ab", " ?!"])
    #expect(words(.gpt2, "WE'LL") == ["WE", "'", "LL"])
    #expect(words(.gpt2, "x \n ") == ["x", " \n "])
  }

  @Test func llama3() {
    #expect(
      words(.llama3(numbers: 3), "WE'LL pay 12345.\n\n ok") == ["WE", "'LL", " pay", " ", "123", "45", ".\n\n", " ok"])
    #expect(words(.llama3(numbers: 3), "\t\tx (y) \n  z") == ["\t", "\tx", " (", "y", ")", " \n", " ", " z"])
    #expect(words(.llama3(numbers: 3), "it'ſ") == ["it", "'ſ"])
  }

  @Test func qwen2() {
    #expect(words(.llama3(numbers: 1), "a 123") == ["a", " ", "1", "2", "3"])
  }

  /// The scanners and ICU agree on the patterns, on characters that both know alike.
  @Test func agreeWithTheRegularExpressions() throws {
    var random = SplitMix(state: 3)
    let ranges: [ClosedRange<UInt32>] = [
      0x20...0x7E, 0x9...0xD, 0xA0...0x17F, 0x300...0x320, 0x660...0x669, 0x2000...0x2030, 0x4E00...0x4E10,
    ]
    let letters = Array("'sStTlLrRvVeEmMdD  \n\r19é ".unicodeScalars)
    for (pattern, scanner) in WordScanner.known {
      let translated = try #require(TextPattern.translate(pattern))
      let expression = TextPattern.expression(
        try NSRegularExpression(pattern: translated, options: TextPattern.icuOptions))
      for _ in 0..<300 {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 1...30, using: &random) {
          if Bool.random(using: &random), let range = ranges.randomElement(using: &random),
            let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random))
          {
            text.append(scalar)
          } else {
            text.append(letters.randomElement(using: &random) ?? "a")
          }
        }
        let bytes = Array(String(text).utf8)
        let scanned = TextPattern.words(scanner).matches(bytes, 0..<bytes.count)
        #expect(scanned == expression.matches(bytes, 0..<bytes.count), "\(String(text).debugDescription)")
      }
    }
  }

  @Test func translation() {
    #expect(
      TextPattern.translate(#"\s+(?!\S)|[^\s\\s]"#) == #"\p{White_Space}+(?!\P{White_Space})|[^\p{White_Space}\\s]"#)
    #expect(TextPattern.translate(#"\h"#) == nil)
    #expect(TextPattern.translate("\\") == nil)
  }
}
