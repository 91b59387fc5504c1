import JSON
import Testing

@Suite struct PrintableTextTests {
  @Test func controlCharactersDoNotPass() {
    #expect("a\u{1B}[31mb\u{0}c\u{9B}d\u{7F}".printable == "a\u{FFFD}[31mb\u{FFFD}c\u{FFFD}d\u{FFFD}")
    #expect("one\r\ntwo\tthree".printable == "one  two three")
    #expect("né 漢 \u{1F600}".printable == "né 漢 \u{1F600}")
  }
}
