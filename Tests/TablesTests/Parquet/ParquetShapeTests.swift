import Foundation
import JSON
import TestSupport
import Testing

@testable import Tables

/// Shapes that files of former years have, and what is refused, made by hand.
@Suite struct ParquetShapeTests {
  typealias Made = HandmadeParquet

  static func read(_ made: HandmadeParquet) throws -> [JSONObject] {
    try read(made.bytes)
  }

  static func read(_ bytes: [UInt8]) throws -> [JSONObject] {
    let folder = try TemporaryFolder()
    let file = folder.path + "/x.parquet"
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return try ParquetFixtureTests.rows(try ParquetReader(path: file))
  }

  /// The error's words behind the file's name.
  static func refusal(_ bytes: [UInt8]) -> String {
    do {
      return "read \(try read(bytes).count) rows"
    } catch {
      return "\(error)".components(separatedBy: "x.parquet: ").last ?? ""
    }
  }

  static func refusal(_ made: HandmadeParquet) -> String { refusal(made.bytes) }

  private func expect(_ made: HandmadeParquet, _ wanted: [String], _ location: SourceLocation = #_sourceLocation) {
    #expect(throws: Never.self, sourceLocation: location) {
      let rows = try Self.read(made).map { JSONValue.object($0).description }
      #expect(rows == wanted, sourceLocation: location)
    }
  }

  /// [a, b], [], null and [null] or [c], in levels of a list whose elements may or may not be null.
  private func list(_ schema: [Made.Fields], hasNulls: Bool) -> HandmadeParquet {
    let top = hasNulls ? 3 : 2
    let body =
      Made.levels([0, 1, 0, 0, 0]) + Made.levels([top, top, 1, 0, hasNulls ? 2 : 2])
      + Made.texts(["a", "b"] + (hasNulls ? [] : ["c"]))
    return HandmadeParquet(
      schema: [Made.root(1)] + schema,
      groups: [(4, [.init(type: 6, pages: [Made.page(5, body)], valueCount: 5)])])
  }

  @Test(arguments: ["element", "item", "array_element", "bag"]) func listsOfThreeLevels(name: String) {
    let schema = [
      Made.group("x", .optional, 1, converted: 3), Made.group(name == "bag" ? "bag" : "list", .repeated, 1),
      Made.leaf(name, .byteArray, .optional, converted: 0),
    ]
    expect(list(schema, hasNulls: true), [#"{"x": ["a", "b"]}"#, #"{"x": []}"#, #"{"x": null}"#, #"{"x": [null]}"#])
  }

  /// The repeated node is the element itself.
  @Test func listsOfTwoLevels() {
    let schema = [Made.group("x", .optional, 1, converted: 3), Made.leaf("array", .byteArray, .repeated, converted: 0)]
    expect(list(schema, hasNulls: false), [#"{"x": ["a", "b"]}"#, #"{"x": []}"#, #"{"x": null}"#, #"{"x": ["c"]}"#])
  }

  /// A repeated group of one member is the element where its name says so, else it stands around the element.
  @Test(arguments: [("array", true), ("x_tuple", true), ("list", false), ("y_tuple", false)])
  func groupsOfOneMember(name: String, isElement: Bool) {
    let schema = [
      Made.group("x", .optional, 1, converted: 3), Made.group(name, .repeated, 1),
      Made.leaf("m", .byteArray, converted: 0),
    ]
    func element(_ text: String) -> String { isElement ? #"{"m": "\#(text)"}"# : #""\#(text)""# }
    expect(
      list(schema, hasNulls: false),
      [
        #"{"x": [\#(element("a")), \#(element("b"))]}"#, #"{"x": []}"#, #"{"x": null}"#, #"{"x": [\#(element("c"))]}"#,
      ])
  }

  /// Messages as parquet-avro writes them: the repeated group is the struct.
  @Test func listsOfStructsInTwoLevels() {
    let schema = [
      Made.root(1), Made.group("chosen", .required, 1, converted: 3), Made.group("array", .repeated, 2),
      Made.leaf("role", .byteArray, converted: 0), Made.leaf("content", .byteArray, .optional, converted: 0),
    ]
    let roles = Made.levels([0, 1, 0]) + Made.levels([1, 1, 1]) + Made.texts(["user", "assistant", "user"])
    let contents = Made.levels([0, 1, 0]) + Made.levels([2, 1, 2]) + Made.texts(["hi", "bye"])
    let made = HandmadeParquet(
      schema: schema,
      groups: [
        (
          2,
          [
            .init(type: 6, pages: [Made.page(3, roles)], valueCount: 3),
            .init(type: 6, pages: [Made.page(3, contents)], valueCount: 3),
          ]
        )
      ])
    expect(
      made,
      [
        #"{"chosen": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": null}]}"#,
        #"{"chosen": [{"role": "user", "content": "bye"}]}"#,
      ])
  }

  /// A repeated column that no list stands around, as Protocol Buffers write it.
  @Test func repeatedColumns() {
    let body = Made.levels([0, 1, 0]) + Made.levels([1, 1, 0]) + Made.word(7) + Made.word(-8)
    let made = HandmadeParquet(
      schema: [Made.root(1), Made.leaf("x", .int32, .repeated)],
      groups: [(2, [.init(type: 1, pages: [Made.page(3, body)], valueCount: 3)])])
    expect(made, [#"{"x": [7, -8]}"#, #"{"x": []}"#])
  }

  /// Hive's maps say MAP_KEY_VALUE at the outer group; equal keys leave the later value.
  @Test(arguments: [1, 2]) func maps(converted: Int) {
    let schema = [
      Made.root(1), Made.group("m", .optional, 1, converted: converted), Made.group("map", .repeated, 2),
      Made.leaf("key", .byteArray), Made.leaf("value", .int32, .optional),
    ]
    let keys = Made.levels([0, 1, 1, 0, 0]) + Made.levels([2, 2, 2, 1, 0]) + Made.texts(["a", "b", "a"])
    let values = Made.levels([0, 1, 1, 0, 0]) + Made.levels([3, 2, 3, 1, 0]) + Made.word(1) + Made.word(3)
    let made = HandmadeParquet(
      schema: schema,
      groups: [
        (
          3,
          [
            .init(type: 6, pages: [Made.page(5, keys)], valueCount: 5),
            .init(type: 1, pages: [Made.page(5, values)], valueCount: 5),
          ]
        )
      ])
    expect(made, [#"{"m": {"a": 3, "b": null}}"#, #"{"m": {}}"#, #"{"m": null}"#])
  }

  private func flat(
    _ leaf: Made.Fields, _ type: Made.Storage, _ count: Int, _ pages: [[UInt8]], codec: Int = 0
  ) -> HandmadeParquet {
    HandmadeParquet(
      schema: [Made.root(1), leaf],
      groups: [(count, [.init(type: type.rawValue, pages: pages, valueCount: count, codec: codec)])])
  }

  /// Older writers do not say that bytes are a text.
  @Test func bytesThatAreNotDeclaredAText() {
    let body = Made.word(2) + [0xC3, 0xA9] + Made.word(1) + [0xFF]
    expect(flat(Made.leaf("x", .byteArray), .byteArray, 2, [Made.page(2, body)]), [#"{"x": "é"}"#, #"{"x": null}"#])
  }

  @Test func textsOfJSON() {
    let body = Made.texts([#"[{"role": "user"}]"#, "{"])
    let wanted = [#"{"x": [{"role": "user"}]}"#, #"{"x": "{"}"#]
    expect(flat(Made.leaf("x", .byteArray, converted: 19), .byteArray, 2, [Made.page(2, body)]), wanted)
    expect(flat(Made.leaf("x", .byteArray, logical: 12), .byteArray, 2, [Made.page(2, body)]), wanted)
  }

  @Test func numbersWithoutASign() {
    let page = Made.page(1, Made.word(-1))
    for (converted, value) in [(13, "4294967295"), (17, "-1")] {
      expect(flat(Made.leaf("x", .int32, converted: converted), .int32, 1, [page]), [#"{"x": \#(value)}"#])
    }
  }

  /// An older dictionary says PLAIN_DICTIONARY where it means PLAIN; its positions may take no bits.
  @Test(arguments: [0, 2]) func dictionaries(encoding: Int) {
    let pages = [
      Made.dictionary(1, Made.texts(["word"]), encoding: encoding),
      Made.page(3, [0], encoding: encoding == 0 ? 8 : 2),
    ]
    expect(
      flat(Made.leaf("x", .byteArray), .byteArray, 3, pages), Array(repeating: #"{"x": "word"}"#, count: 3))
  }

  /// Pages of index and of kinds that are not invented yet are passed over, and headers of any length read.
  @Test func passesOverOtherPages() {
    let index = Made.header(1, [1, 2, 3], (6, .structure([]))) + [1, 2, 3]
    let long = Made.header(
      9, [], (20, .structure([(1, .binary([UInt8](repeating: 7, count: 5_000)))])))
    let pages = [index, long, Made.page(0, []), Made.page(1, Made.texts(["x"]))]
    expect(flat(Made.leaf("x", .byteArray), .byteArray, 1, pages), [#"{"x": "x"}"#])
  }

  @Test func checksums() throws {
    let body = Made.texts(["x"])
    let head: (Int, Made.Thrift) = (5, .structure([(1, .int(1)), (2, .int(0)), (3, .int(3)), (4, .int(3))]))
    // The checksum of gzip of the five bytes 1 0 0 0 "x".
    let right = Int(Int32(bitPattern: 0xA59C_27A3))
    #expect(Checksum.crc32(body) == UInt32(bitPattern: Int32(right)))
    let pages = [right, right ^ 1].map { Made.header(0, body, head, checksum: $0) + body }
    expect(flat(Made.leaf("x", .byteArray), .byteArray, 1, [pages[0]]), [#"{"x": "x"}"#])
    #expect(
      Self.refusal(flat(Made.leaf("x", .byteArray), .byteArray, 1, [pages[1]]))
        == "the file is damaged: row 1, column x: a page is not what its checksum says")
  }

  @Test func refusesWhatItCannotRead() {
    let page = Made.page(1, Made.texts(["x"]))
    let whole = flat(Made.leaf("x", .byteArray), .byteArray, 1, [page])
    for (codec, name) in [(3, "LZO"), (4, "brotli"), (9, "number 9")] {
      var made = whole
      made.groups[0].chunks[0].codec = codec
      #expect(
        Self.refusal(made)
          == "the compression \(name) (row 1, column x) is not supported; write the file with zstd or snappy")
    }
    let encryption = "encryption is not supported; write the file again without it"
    var made = whole
    made.further = [(8, .structure([]))]
    #expect(Self.refusal(made) == encryption)
    for field in [8, 9] {
      made = whole
      made.groups[0].chunks[0].further = [(field, field == 8 ? .structure([]) : .binary([1]))]
      #expect(Self.refusal(made) == encryption)
    }
    #expect(Self.refusal(Array(whole.bytes.dropLast(4)) + Array("PARE".utf8)) == encryption)
    made = whole
    made.groups[0].chunks[0].further = [(1, .text("other.parquet"))]
    #expect(Self.refusal(made) == "a column in another file is not supported; write the rows into one file")
    let packed = Made.page(1, [0x80], levels: 4)
    #expect(
      Self.refusal(flat(Made.leaf("x", .byteArray, .optional), .byteArray, 1, [packed]))
        == "levels in the encoding BIT_PACKED (row 1, column x) is not supported; write the file with a newer library")
    let twice = HandmadeParquet(
      schema: [Made.root(2), Made.leaf("x", .int32), Made.leaf("x", .int32)], groups: [])
    #expect(
      Self.refusal(twice) == "a second column \"x\" is not supported; give each a name of its own")
  }

  /// Columns that are not read may be made of anything.
  @Test func whatIsNotReadDoesNotMatter() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/x.parquet"
    let made = HandmadeParquet(
      schema: [Made.root(3), Made.leaf("x", .int32), Made.leaf("x", .int32), Made.leaf("y", .int32)],
      groups: [
        (
          1,
          [
            .init(type: 1, pages: [Made.page(1, [])], valueCount: 1, codec: 4),
            .init(type: 1, pages: [[0xFF]], valueCount: 1),
            .init(type: 1, pages: [Made.page(1, Made.word(5))], valueCount: 1),
          ]
        )
      ])
    try Data(made.bytes).write(to: URL(fileURLWithPath: file))
    let reader = try ParquetReader(path: file, columns: ["y"])
    #expect(reader.columnNames == ["x", "x", "y"])
    #expect(try ParquetFixtureTests.rows(reader) == [JSONObject([("y", .integer(5))])])
  }
}
