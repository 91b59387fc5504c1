import JSON
import Testing

@Suite struct PrintableTextTests {
  @Test func controlCharactersDoNotPass() {
    #expect("a\u{1B}[31mb\u{0}c\u{9B}d\u{7F}".printable == "a\u{FFFD}[31mb\u{FFFD}c\u{FFFD}d\u{FFFD}")
    #expect("one\r\ntwo\tthree".printable == "one  two three")
    #expect("né 漢 \u{1F600}".printable == "né 漢 \u{1F600}")
  }

  @Test func directionDoesNotPass() {
    #expect("a\u{202E}b\u{2066}c\u{200F}d\u{61C}e\u{FEFF}".printable == "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}e\u{FFFD}")
    #expect("one\u{2028}two".printable == "one two")
    // Joiners, zero-width spaces and soft hyphens belong to words.
    for text in ["👩\u{200D}🚀", "می\u{200C}خواهم", "ភាសា\u{200B}ខ្មែរ", "Silben\u{AD}trennung", "❤\u{FE0F}"] {
      #expect(text.printable.unicodeScalars.elementsEqual(text.unicodeScalars))
    }
  }

  @Test func linesStayLines() {
    #expect("a\tb\nc\r\nd\re\u{1B}".printableLines == "a\tb\nc\r\nd e\u{FFFD}")
    #expect("\r".printableLines == " ")
  }

  /// Against Unicode's own properties: every control character and every mark of direction.
  @Test func theListIsComplete() {
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      if scalar.properties.generalCategory == .control || scalar.properties.isBidiControl {
        #expect(scalar.steersTerminal, "U+\(String(value, radix: 16))")
      } else if scalar.steersTerminal {
        // The rest is invisible or reserved for what is.
        #expect(
          [.format, .lineSeparator, .paragraphSeparator, .unassigned].contains(scalar.properties.generalCategory))
        #expect(value <= 0xFFFF)
      }
    }
  }
}
