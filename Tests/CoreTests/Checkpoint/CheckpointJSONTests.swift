import Testing

@testable import Checkpoint

@Suite struct CheckpointJSONTests {
  private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

  private func problem(_ text: String) -> String {
    do {
      return "accepted \(try parse(text))"
    } catch let failure as JSONParser.Failure {
      return failure.problem
    } catch {
      return "\(error)"
    }
  }

  @Test func readsEveryKindOfValue() throws {
    let value = try parse(#" {"b":[1,-2.5e1,true,false,null],"a":"x\n\u00e9\ud83d\ude00","c":{}, "d":[]} "#)
    guard case .object(let object) = value else {
      Issue.record("not an object")
      return
    }
    #expect(object.members.map(\.key) == ["b", "a", "c", "d"])
    #expect(object["b"] == .array([.integer(1), .number(-25), .bool(true), .bool(false), .null]))
    #expect(object["a"] == .string("x\né😀"))
    #expect(object["c"] == .object(JSONObject()))
  }

  @Test func wholeNumbersStayExact() throws {
    #expect(try parse("9007199254740993") == .integer(9_007_199_254_740_993))
    #expect(try parse("9223372036854775808").integer == nil)
    #expect(try parse("1e3").integer == 1000)
  }

  @Test(arguments: [
    ("", "the JSON ends too early"), ("{", "an object's key is expected"), ("[1", "a list does not end"),
    (#"{"a":1,"a":2}"#, #"the key "a" stands twice in one object"#), (#"{"a" 1}"#, "a colon is expected"),
    ("01", "a number is malformed"), ("-", "a number is malformed"), ("1.", "a number is malformed"),
    ("1e", "a number is malformed"), ("1e999", "a number is too large"), ("NaN", "a JSON value is expected"),
    ("tru", "a JSON value is expected"), (#""a"#, "a string does not end"), (#""\x""#, "an escape is unknown"),
    (#""\u12""#, "four hexadecimal digits are expected"), (#""\ud800""#, "a surrogate stands alone"),
    (#""\ud800\u0041""#, "a surrogate pair is broken"), ("\"\u{1}\"", "a string holds a control character"),
    ("1 2", "text follows the JSON value"), ("[1,]", "a JSON value is expected"),
  ])
  func refuses(text: String, expected: String) {
    #expect(problem(text) == expected)
  }

  @Test func refusesWhatIsNotUTF8() {
    #expect(throws: JSONParser.Failure.self) { try JSONParser.parse([0x22, 0xFF, 0x22]) }
  }

  @Test func deepNestingCostsNoStack() {
    #expect(problem(String(repeating: "[", count: 1_000_000)) == "it is nested more than 64 deep")
    #expect(problem(String(repeating: #"{"a":"#, count: 1_000_000)) == "it is nested more than 64 deep")
  }

  @Test func textReadsBack() throws {
    let value = try parse(#"{"a":[1,{"b":null},[]],"q\"\\\n\u0001":0.5,"n":16.0,"t":true}"#)
    #expect(try parse(value.text()) == (try parse(value.compactText)))
    #expect(value.compactText == #"{"a":[1,{"b":null},[]],"q\"\\\n\u0001":0.5,"n":16,"t":true}"#)
  }
}
