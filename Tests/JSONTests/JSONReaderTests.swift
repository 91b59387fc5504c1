import Foundation
import JSON
import TestSupport
import Testing

@Suite struct JSONReaderTests {
  /// As a program that writes Python would read it.
  static let python = JSONOptions(duplicateKeys: .lastWins, acceptsNonFinite: true)

  private func parse(_ text: String, _ options: JSONOptions = .strict) throws -> JSONValue {
    try JSONValue(parsing: Array(text.utf8), options)
  }

  private func fault(_ text: String, _ options: JSONOptions = .strict) -> JSONFault? {
    do {
      _ = try parse(text, options)
      return nil
    } catch {
      return error as? JSONFault
    }
  }

  /// Texts with what Python's json makes of them (Tests/Fixtures/data/make_fixtures.py).
  @Test func agreesWithPython() throws {
    let bytes = [UInt8](try Data(contentsOf: TestPackage.fixture("data/json_cases.json")))
    let cases = try #require(try JSONValue(parsing: bytes, Self.python).array)
    #expect(cases.count > 100)
    var valid = 0
    for item in cases {
      let fields = try #require(item.object)
      let text = try #require(fields["text"]?.string)
      let parsed = try? parse(text, Self.python)
      if fields["valid"] == .bool(true) {
        valid += 1
        #expect(parsed == fields["value"], "\(text)")
      } else {
        #expect(parsed == nil, "\(text)")
      }
    }
    #expect(valid > 70 && valid < cases.count)
  }

  @Test func readsEveryKindOfValue() throws {
    let value = try parse(#" {"b":[1,-2.5e1,true,false,null],"a":"x\n\/\u00e9\ud83d\ude00","c":{}, "d":[]} "#)
    let object = try #require(value.object)
    #expect(object.keys == ["b", "a", "c", "d"])
    #expect(object["b"] == .array([.integer(1), .number(-25), .bool(true), .bool(false), .null]))
    #expect(object["a"] == .string("x\n/é😀"))
    #expect(object["c"] == .object(JSONObject()))
    #expect(object["d"] == .array([]))
  }

  @Test func wholeNumbersStayExact() throws {
    #expect(try parse("9007199254740993").integer == 9_007_199_254_740_993)
    #expect(try parse("-9223372036854775808").integer == .min)
    #expect(try parse("9223372036854775808").integer == nil)
    #expect(try parse("9223372036854775808").number == 0x1p63)
    #expect(try parse("100000000000000000000") == .number(1e20))
    #expect(try parse("999999999999999999").integer == 999_999_999_999_999_999)
    #expect(try parse("1e3").integer == nil)
    #expect(try parse("1e3").wholeNumber == 1000)
    #expect(try parse("1.5").wholeNumber == nil)
    #expect(try parse("-0").integer == 0)
  }

  // Offsets count the bytes before the place.
  @Test(arguments: [
    ("", "the JSON ends too early", 0), ("{", "an object's key is expected", 1), ("[1", "a list does not end", 2),
    (#"{"a":1"#, "an object does not end", 6), (#"{"a":1,"a":2}"#, #"the key "a" stands twice in one object"#, 12),
    (#"{"a" 1}"#, "a colon is expected", 5), (#"{"a":1,}"#, "an object's key is expected", 7),
    ("01", "a number is malformed", 2), ("-", "a number is malformed", 1), ("1.", "a number is malformed", 2),
    ("1e", "a number is malformed", 2), ("1e999", "a number is too large", 5), ("NaN", "a JSON value is expected", 0),
    ("-Infinity", "a number is malformed", 1), ("tru", "a JSON value is expected", 0),
    (#""a"#, "a string does not end", 2), (#""\x""#, "an escape is unknown", 3),
    (#""\u12""#, "four hexadecimal digits are expected", 5), (#""\ud800""#, "a surrogate stands alone", 7),
    (#""\udc00""#, "a surrogate stands alone", 7), (#""\ud800\u0041""#, "a surrogate pair is broken", 13),
    ("\"\u{1}\"", "a string holds a control character", 1), ("1 2", "text follows the JSON value", 2),
    ("[1,]", "a JSON value is expected", 3), ("\u{FEFF}1", "a JSON value is expected", 0),
  ])
  func refuses(text: String, clause: String, offset: Int) {
    let fault = fault(text)
    #expect(fault?.description == clause)
    #expect(fault?.offset == offset)
    #expect(fault?.isAtEnd == (offset == text.utf8.count))
  }

  @Test(arguments: [
    "\"\\ud83d\"", "\"\\ude42 x\"", "\"\\ud83d\\u0041\"", "\"\\ud83d\\ud83d\"", "\"\\ud83d\\uffff\"", "\"\\ud83dx\"",
    "\"\\ud83d", "{\"a\":\"\\udfff\"}",
  ])
  func refusesHalfASurrogatePair(_ text: String) {
    #expect([.loneSurrogate, .brokenSurrogatePair].contains(fault(text)?.problem))
  }

  @Test(arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]])
  func refusesBrokenUTF8(_ bad: [UInt8]) {
    for start in ["\"", "\"\\n", "{\""] {
      #expect { try JSONValue(parsing: Array(start.utf8) + bad + [0x22]) } throws: {
        ($0 as? JSONFault)?.problem == .notUTF8
      }
    }
  }

  @Test func acceptsPythonsNonFiniteNumbersWhereAsked() throws {
    let values = try #require(try parse("[NaN, Infinity, -Infinity, 1e999, -1e999]", Self.python).array)
    #expect(values[0].number?.isNaN == true)
    let infinities = [JSONValue.number(.infinity), .number(-.infinity), .number(.infinity), .number(-.infinity)]
    #expect(values.dropFirst() == infinities[...])
    for text in ["Nan", "Infinit", "-Inf", "-NaN"] { #expect(fault(text, Self.python) != nil, "\(text)") }
  }

  @Test func laterOfTwoEqualKeysWinsWhereAsked() throws {
    let object = try #require(try parse(#"{"a": 1, "b": 2, "a": 3}"#, Self.python).object)
    #expect(object.keys == ["a", "b"])
    #expect(object["a"] == .integer(3))
  }

  // Exactly as many levels as allowed are read; a million more must not touch the stack's end.
  @Test func limitsDepth() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(fault(nested(128)) == nil)
    #expect(fault(nested(129))?.problem == .tooDeep(limit: 128))
    #expect(fault(nested(65), JSONOptions(maximumDepth: 64))?.description == "it is nested more than 64 deep")
    #expect(fault(nested(1_000_000))?.problem == .tooDeep(limit: 128))
    #expect(fault(String(repeating: "{\"a\":", count: 1_000_000))?.problem == .tooDeep(limit: 128))
    // Depth counts what is open, not what has been.
    #expect(fault("[" + String(repeating: "[[]],", count: 1000) + "{}]") == nil)
  }

  @Test func limitsTheNumberOfValues() throws {
    // The list itself is one.
    #expect(fault("[0,0,0]", JSONOptions(maximumValues: 4)) == nil)
    #expect(fault("[0,0,0,0]", JSONOptions(maximumValues: 4))?.description == "it holds more than 4 values")
    let text = "[" + String(repeating: "0,", count: 1_000_000) + "0]"
    #expect(fault(text)?.problem == .tooManyValues(limit: 1_000_000))
  }

  /// Every prefix and every single-byte change of a rich text is either read or refused, never a trap; skipping a value
  /// refuses the same texts as reading it, but for what it does not look at.
  @Test func survivesDamage() {
    let text = Array(#"{"a": [1.5e-3, "x\u00e9\ud83d\ude42\n", null], "b": {"c": true}, "d": "é"}"#.utf8)
    func check(_ bytes: [UInt8]) {
      let read = Result { () throws(JSONFault) in try JSONValue(parsing: bytes) }
      let skipped = Result { () throws(JSONFault) in
        var reader = JSONReader(bytes)
        try reader.skipValue()
        try reader.readEnd()
      }
      if case .failure(let fault) = read, case .success = skipped { #expect(fault.problem == .notUTF8) }
      if case .failure(let fault) = skipped {
        guard case .failure(let other) = read else {
          Issue.record("skipping refuses what reading accepts: \(fault)")
          return
        }
        #expect(other == fault || other.problem == .notUTF8)
      }
    }
    for end in 0..<text.count {
      check(Array(text[..<end]))
      #expect(throws: JSONFault.self) { try JSONValue(parsing: Array(text[..<end])) }
    }
    for index in text.indices {
      for byte: UInt8 in [0x00, 0x22, 0x5C, 0x7B, 0x5D, 0x2C, 0x80, 0xFF, 0x65] {
        var damaged = text
        damaged[index] = byte
        check(damaged)
      }
    }
  }

  @Test func walksALargeText() throws {
    var reader = JSONReader(
      Array(#" {"vocab": {"a\n": 3, "é": 4}, "rest": [{"x": []}, 1e5], "list": ["p", "q"]} "#.utf8))
    var ids: [String: Int] = [:]
    var list: [UInt8] = []
    var rest = 0
    try reader.readObject { reader, key in
      switch String(decoding: key, as: UTF8.self) {
      case "vocab":
        try reader.readObject { reader, key in
          ids[String(decoding: key, as: UTF8.self)] = try reader.readValue().integer
        }
      case "list": try reader.readArray { try $0.readString(into: &list) }
      default:
        rest = try reader.peek() == UInt8(ascii: "[") ? reader.position : -1
        try reader.skipValue()
      }
    }
    try reader.readEnd()
    #expect(ids == ["a\n": 3, "é": 4])
    #expect(list == Array("pq".utf8))
    reader.position = rest
    let value = try reader.readValue()
    #expect(value == .array([.object(JSONObject([("x", .array([]))])), .integer(100_000)]))
    #expect(throws: JSONFault.self) { try reader.readArray { try $0.skipValue() } }
  }
}
