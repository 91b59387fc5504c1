import Foundation
import JSON
import TestSupport
import Testing

@Suite struct JSONWritingTests {
  /// What is written reads back as the same value.
  @Test func writesWhatItReads() throws {
    let bytes = [UInt8](try Data(contentsOf: TestPackage.fixture("data/json_cases.json")))
    let value = try JSONValue(parsing: bytes, JSONReaderTests.python)
    #expect(!value.description.contains("\n"))
    for text in [value.description, value.compactText, value.indentedText] {
      #expect(try JSONValue(parsing: Array(text.utf8), JSONReaderTests.python) == value)
    }
  }

  @Test func writesNumbers() {
    #expect(
      JSONValue.array([
        .number(3), .number(-0.5), .number(1e300), .number(.nan), .number(1e15), .number(-0.0), .integer(.min),
      ]).description == "[3, -0.5, 1e+300, null, 1000000000000000, -0.0, -9223372036854775808]")
  }

  @Test func writesInThreeStyles() throws {
    let text = #"{"a":[1,{"b":null},[]],"q\"\\\n\u0001é🙂":0.5,"n":16.0,"t":true,"o":{}}"#
    let value = try JSONValue(parsing: Array(text.utf8))
    #expect(value.description == #"{"a": [1, {"b": null}, []], "q\"\\\n\u0001é🙂": 0.5, "n": 16, "t": true, "o": {}}"#)
    #expect(value.compactText == #"{"a":[1,{"b":null},[]],"q\"\\\n\u0001é🙂":0.5,"n":16,"t":true,"o":{}}"#)
    #expect(
      value.indentedText == #"""
        {
          "a": [
            1,
            {
              "b": null
            },
            []
          ],
          "q\"\\\n\u0001é🙂": 0.5,
          "n": 16,
          "t": true,
          "o": {}
        }
        """#)
  }

  /// What would steer a terminal is escaped, and reads back as it was.
  @Test func steeringTextIsEscaped() throws {
    let text = "\u{1B}[31m\u{7F}\u{9B}2J\u{202E}\u{2066}\u{200F}é\u{200D}🙂"
    let written = JSONValue.quoted(text)
    #expect(written == #""\u001b[31m\u007f\u009b2J\u202e\u2066\u200fé\#u{200D}🙂""#)
    let read = try JSONValue(parsing: Array(written.utf8))
    #expect(read.string?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
  }

  @Test func linesKeepOrderAndEscape() {
    var json = JSONLine()
    json.add("b", 1.5)
    json.add("a", "x\"\\\n\u{1}é")
    json.add("nan", Double.nan)
    json.add("n", 3)
    #expect(json.text == #"{"b": 1.5, "a": "x\"\\\n\u0001é", "nan": null, "n": 3}"#)
  }
}
