import Foundation
import Testing

@testable import PreferenceData

@Suite struct JSONParserTests {
  /// Texts with what Python's json makes of them (Tests/Fixtures/data/make_fixtures.py).
  @Test func agreesWithPython() throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: DataFiles.fixture("json_cases.json"))))
    let cases = try #require(try JSONParser.parse(bytes).array)
    #expect(cases.count > 100)
    var valid = 0
    for item in cases {
      let fields = try #require(item.object)
      let text = try #require(fields["text"]?.string)
      let parsed = try? JSONParser.parse(Array(text.utf8))
      if fields["valid"] == .bool(true) {
        valid += 1
        // Python keeps both of two equal keys' last value; so does look-up here.
        #expect(parsed?.deduplicated == fields["value"]?.deduplicated, "\(text)")
      } else {
        #expect(parsed == nil, "\(text)")
      }
    }
    #expect(valid > 70 && valid < cases.count)
  }

  /// What is written reads back as the same value.
  @Test func writesWhatItReads() throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: DataFiles.fixture("json_cases.json"))))
    let value = try JSONParser.parse(bytes)
    #expect(!value.description.contains("\n"))
    #expect(try JSONParser.parse(Array(value.description.utf8)) == value)
    #expect(
      JSONValue.array([.number(3), .number(-0.5), .number(1e300), .number(.nan), .string("a\"\u{1}\n🙂")]).description
        == #"[3, -0.5, 1e+300, null, "a\"\u0001\n🙂"]"#)
  }

  @Test func acceptsPythonsNonFiniteNumbers() throws {
    let values = try #require(try JSONParser.parse(Array("[NaN, Infinity, -Infinity, 1e999]".utf8)).array)
    #expect(values[0].number?.isNaN == true)
    #expect(values[1].number == .infinity)
    #expect(values[2].number == -.infinity)
    #expect(values[3].number == .infinity)
  }

  @Test(arguments: [
    ("\"\\ud83d\"", DropReason.invalidText), ("\"\\ude42 x\"", .invalidText), ("\"\\ud83d\\u0041\"", .invalidText),
    ("\"\\ud83d\\ud83d\"", .invalidText), ("\"\\ud83d\\uffff\"", .invalidText), ("\"\\ud83dx\"", .invalidText),
    ("\"\\ud83d", .invalidText), ("{\"a\":\"\\udfff\"}", .invalidText),
  ])
  func refusesHalfASurrogatePair(_ text: String, _ reason: DropReason) {
    #expect(throws: reason) { try JSONParser.parse(Array(text.utf8)) }
  }

  @Test func refusesBrokenUTF8() {
    for bad: [UInt8] in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xF5, 0x80, 0x80, 0x80]] {
      #expect(throws: DropReason.invalidText) { try JSONParser.parse([0x22] + bad + [0x22]) }
      #expect(throws: DropReason.invalidText) { try JSONParser.parse(Array("\"\\n".utf8) + bad + [0x22]) }
    }
  }

  // 128 levels are read (the outermost value is at depth 0), 129 are not; 100,000 must not touch the stack's end.
  @Test func limitsDepth() throws {
    func nested(_ depth: Int) -> [UInt8] {
      Array(
        (String(repeating: "[", count: depth)
          + String(repeating: "]", count: depth)).utf8)
    }
    #expect(throws: Never.self) { try JSONParser.parse(nested(128)) }
    #expect(throws: DropReason.malformedJSON) { try JSONParser.parse(nested(129)) }
    #expect(throws: DropReason.malformedJSON) { try JSONParser.parse(nested(100_000)) }
    let objects = String(repeating: "{\"a\":", count: 100_000)
    #expect(throws: DropReason.malformedJSON) { try JSONParser.parse(Array(objects.utf8)) }
  }

  @Test func limitsTheNumberOfValues() throws {
    let row = "[" + String(repeating: "0,", count: JSONParser.maximumValues) + "0]"
    #expect(throws: DropReason.rowTooLong) { try JSONParser.parse(Array(row.utf8)) }
  }

  /// Every prefix and every single-byte change of a rich text is either read or refused, never a trap.
  @Test func survivesDamage() {
    let text = Array(#"{"a": [1.5e-3, "x\u00e9\ud83d\ude42\n", null], "b": {"c": true}, "d": "é"}"#.utf8)
    for end in 0..<text.count { #expect((try? JSONParser.parse(Array(text[..<end]))) == nil) }
    for index in text.indices {
      for byte: UInt8 in [0x00, 0x22, 0x5C, 0x7B, 0x5D, 0x2C, 0x80, 0xFF, 0x65] {
        var damaged = text
        damaged[index] = byte
        _ = try? JSONParser.parse(damaged)
      }
    }
  }
}

extension JSONValue {
  /// With one value a key, the last, in the order of first appearance.
  fileprivate var deduplicated: JSONValue {
    switch self {
    case .array(let values): return .array(values.map(\.deduplicated))
    case .object(let object):
      var result = JSONObject()
      for (key, _) in object.members where result[key] == nil {
        result.members.append((key, (object[key] ?? .null).deduplicated))
      }
      return .object(result)
    default: return self
    }
  }
}
