import Testing

@testable import JSON

@Suite struct QuotedTextTests {
  @Test func fiveCharactersAreEscapedAndWhatElseIsAsked() {
    var text = "x"
    text.appendQuoted("a\"\\\n\r\t'é🙂\u{1}") { $0 == "\u{1}" ? "<1>" : nil }
    #expect(text == #"x"a\"\\\n\r\t'é🙂<1>""#)
  }

  @Test func theOtherQuotationMarkStandsForItself() {
    var text = ""
    text.appendQuoted("it's \"so\"", with: "'") { _ in nil }
    #expect(text == #"'it\'s "so"'"#)
  }

  @Test func numbersArePadded() {
    #expect(String.hexadecimal(0xA, width: 4) == "000a")
    #expect(String.hexadecimal(0x1F642, width: 4, uppercase: true) == "1F642")
    #expect("7".padded(to: 3, with: " ") == "  7")
    #expect("1234".padded(to: 3, with: "0") == "1234")
  }
}
