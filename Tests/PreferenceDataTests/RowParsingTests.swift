import JSON
import Testing

@testable import PreferenceData

/// What is wrong with a row's JSON becomes the reason that the row is dropped for.
@Suite struct RowParsingTests {
  @Test func readsAsPythonDoes() throws {
    let row = try JSONValue.row(Array(#"{"reward": NaN, "prompt": "a", "prompt": "b"}"#.utf8))
    #expect(row.object?["reward"]?.number?.isNaN == true)
    #expect(row.object?["prompt"] == .string("b"))
  }

  @Test(arguments: [
    ("\"\\ud83d\"", DropReason.invalidText), ("\"\\ud83d\\u0041\"", .invalidText),
    ("{\"a\":\"\\udfff\"}", .invalidText),
    ("", .malformedJSON), ("{\"a\" 1}", .malformedJSON), ("[1] 2", .malformedJSON), ("\"a", .malformedJSON),
    (String(repeating: "[", count: 100_000), .malformedJSON),
    ("[" + String(repeating: "0,", count: 1_000_000) + "0]", .rowTooLong),
  ])
  func refuses(_ text: String, _ reason: DropReason) {
    #expect(throws: reason) { try JSONValue.row(Array(text.utf8)) }
  }

  @Test func refusesBrokenUTF8() {
    #expect(throws: DropReason.invalidText) { try JSONValue.row([0x22, 0xC3, 0x22]) }
  }
}
