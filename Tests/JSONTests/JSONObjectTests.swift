import JSON
import Testing

@Suite struct JSONObjectTests {
  /// The same on both sides of the size from which an index is kept.
  @Test(arguments: [1, 15, 16, 17, 100]) func findsMembers(count: Int) {
    var object = JSONObject()
    for index in 0..<count {
      let isNew = object.insert("key\(index)", .integer(index))
      #expect(isNew)
    }
    let isNew = object.insert("key0", .null)
    #expect(!isNew)
    #expect(object["key0"] == .integer(0))
    object.set("key\(count - 1)", .null)
    #expect(object["key\(count - 1)"] == .null)
    #expect(object.nonNull("key\(count - 1)") == nil)
    #expect(object.contains("key\(count - 1)"))
    #expect(object["key\(count)"] == nil)
    #expect(object.keys == (0..<count).map { "key\($0)" })
    object.set("new", .bool(true))
    #expect(object["new"] == .bool(true))
    #expect(object.keys.last == "new")
  }

  /// Members that are known to differ are found and replaced like all others, however many there are.
  @Test(arguments: [0, 1, 15, 16, 40]) func takesDistinctMembers(count: Int) {
    let members = (0..<count).map { (key: "key\($0)", value: JSONValue.integer($0)) }
    var object = JSONObject(distinct: members)
    #expect(object == JSONObject(members))
    for index in 0..<count {
      #expect(object["key\(index)"] == .integer(index))
      let isNew = object.insert("key\(index)", .null)
      #expect(!isNew)
    }
    for index in 0..<20 { object.set("new\(index)", .integer(index)) }
    object.set("new7", .null)
    #expect(object.members.count == count + 20)
    #expect(object["new7"] == .null)
    #expect(object["new19"] == .integer(19))
  }

  /// "é" in one code point and in two are different keys, though Swift's strings compare equal.
  @Test(arguments: [0, 20]) func comparesKeysByCodePoint(others: Int) {
    var object = JSONObject((0..<others).map { ("\($0)", .null) })
    object.insert("\u{E9}", .integer(1))
    object.insert("e\u{301}", .integer(2))
    #expect(object["\u{E9}"] == .integer(1))
    #expect(object["e\u{301}"] == .integer(2))
    #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
  }

  @Test func numbersAreEqualByValue() {
    #expect(JSONValue.integer(2) == .number(2))
    #expect(JSONValue.integer(9_007_199_254_740_993) != .number(9_007_199_254_740_992))
    #expect(JSONValue.integer(1) != .bool(true))
    #expect(JSONValue.number(.nan) != .number(.nan))
  }
}
