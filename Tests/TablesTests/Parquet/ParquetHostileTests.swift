import CAllocationMeter
import JSON
import Testing

@testable import Tables

/// Files that lie about themselves: each is one sentence, without a crash, an endless loop or a gigabyte.
@Suite struct ParquetHostileTests {
  private typealias Made = HandmadeParquet

  private func flat(
    _ pages: [[UInt8]], count: Int = 1, rows: Int? = nil, leaf: HandmadeParquet.Fields? = nil, type: Int = 6,
    codec: Int = 0
  ) -> HandmadeParquet {
    HandmadeParquet(
      schema: [Made.root(1), leaf ?? Made.leaf("x", .byteArray, converted: 0)],
      groups: [(rows ?? count, [.init(type: type, pages: pages, valueCount: count, codec: codec)])])
  }

  private func expect(
    _ made: HandmadeParquet, _ problem: String, _ location: SourceLocation = #_sourceLocation
  ) {
    am_start()
    #expect(ParquetShapeTests.refusal(made) == "the file is damaged: \(problem)", sourceLocation: location)
    #expect(am_peak() < 64_000_000, sourceLocation: location)
  }

  @Test func texts() {
    let body = Made.texts(["x", "y"]) + Made.word(1) + [0xFF]
    expect(flat([Made.page(3, body)], count: 3), "row 3, column x: a text is not UTF-8")
    let dictionary = [
      Made.dictionary(2, Made.texts(["x"]) + Made.word(1) + [0xFF]), Made.page(2, [1, 3, 2], encoding: 8),
    ]
    expect(flat(dictionary, count: 2), "row 2, column x: a text is not UTF-8")
    expect(flat([Made.page(1, Made.word(-1) + [1])]), "row 1, column x: a page ends within its values")
  }

  @Test func ends() {
    let whole = flat([Made.page(1, Made.texts(["x"]))]).bytes
    for count in 1..<whole.count {
      #expect(ParquetShapeTests.refusal(Array(whole[..<count])) != "read 1 rows", "\(count) bytes")
    }
    #expect(
      ParquetShapeTests.refusal(Array(whole.dropLast(8)) + Made.word(-1) + Array("PAR1".utf8))
        == "the file is damaged: its footer is longer than the file")
    #expect(
      ParquetShapeTests.refusal(Array(whole.dropLast()))
        == "the file is damaged: it does not end as a Parquet file does (it may be cut off)")
  }

  @Test func counts() {
    let page = Made.page(1, Made.texts(["x"]))
    expect(flat([page], count: 2), "row 2, column x: its pages end too early")
    expect(flat([page, page], count: 2, rows: 1), "row 2, column x: it goes on behind its row group")
    expect(flat([page], rows: 2), "row 2, column x: it ends before its row group")
    expect(flat([Made.page(5, Made.texts(["x"]))]), "row 1, column x: its pages hold more than it says")
    expect(flat([page], count: -1, rows: 1), "a column has an impossible number of values")
    expect(flat([page], rows: -1), "a row group has an impossible number of rows")
    var made = flat([page])
    made.rowCount = 2
    expect(made, "its row groups hold 1 rows, its footer says 2")
    made = flat([page])
    made.groups += [(Int.max, made.groups[0].chunks)]
    expect(made, "a row group has an impossible number of rows")
  }

  @Test func places() {
    let page = Made.page(1, Made.texts(["x"]))
    for (start, size) in [(0, nil), (-1, nil), (4, Int.max), (Int.max, 1), (4, -1), (1_000, nil), (4, 1_000)]
      as [(Int, Int?)]
    {
      var made = flat([page])
      made.groups[0].chunks[0].start = start
      made.groups[0].chunks[0].size = size
      expect(made, "a column lies outside it")
    }
    var made = flat([page])
    made.groups += [made.groups[0], made.groups[0]]
    for group in 0..<3 { (made.groups[group].chunks[0].start, made.groups[group].chunks[0].size) = (4, 2 * page.count) }
    expect(made, "its columns overlap")
    // Where there are no values, nobody looks.
    made = flat([page], count: 0, rows: 0)
    made.groups[0].chunks[0].start = Int.max
    made.groups[0].chunks[0].size = Int.max
    #expect(ParquetShapeTests.refusal(made) == "read 0 rows")
    made.groups[0].rows = 1
    expect(made, "row 1, column x: it ends before its row group")
  }

  @Test func sizesOfPages() {
    let claims = [
      (1, 2_000_000_000, "a page of 3 bytes cannot hold the 2000000000 that it claims"),
      (2, 1_000_000, "a page of 3 bytes cannot hold the 1000000 that it claims"),
      (6, 90_000, "a page cannot be unpacked"),
      (7, 2_000, "a page of 3 bytes cannot hold the 2000 that it claims"),
    ]
    for (codec, size, problem) in claims {
      expect(flat([Made.page(1, [1, 2, 3], unpacked: size)], codec: codec), "row 1, column x: \(problem)")
    }
    let zstd = Made.page(1, [UInt8](repeating: 0x28, count: 40_000), unpacked: 1_200_000_000)
    expect(
      flat([zstd], codec: 6),
      "row 1, column x: 1200000000 bytes are packed into a page, far more than so small a file can hold")
    expect(flat([Made.page(1, [], packed: 1_000)]), "row 1, column x: a page is longer than its column")
    expect(flat([Made.page(1, [], packed: -1)]), "row 1, column x: a page has an impossible size")
    expect(flat([Made.page(1, [], unpacked: 1 << 40)]), "row 1, column x: a page has an impossible size")
    let levels: Made.Fields = [(1, .int(1)), (4, .int(0)), (5, .int(5)), (6, .int(Int(Int32.max)))]
    let page = Made.header(3, [1, 2], (8, .structure(levels))) + [1, 2]
    expect(flat([page]), "row 1, column x: a page has levels longer than itself")
  }

  @Test func dictionaries() {
    expect(
      flat([Made.dictionary(1_000_000, [1, 2]), Made.page(1, [0], encoding: 8)]),
      "row 1, column x: its dictionary is shorter than it says")
    expect(
      flat([Made.dictionary(1, Made.texts(["x"])), Made.page(1, [3, 2, 5], encoding: 8)]),
      "row 1, column x: a value is not in its dictionary")
    expect(
      flat([Made.dictionary(1, Made.texts(["x"])), Made.dictionary(1, Made.texts(["x"]))]),
      "row 1, column x: it has two dictionaries")
    expect(flat([Made.page(1, [0], encoding: 8)]), "row 1, column x: a page has no values")
    expect(
      flat([Made.dictionary(1, Made.texts(["x"])), Made.page(1, [33, 2, 5], encoding: 8)]),
      "row 1, column x: a page has dictionary positions of 33 bits")
  }

  /// A thousand million nulls in six bytes are read one by one; in one row they are refused.
  @Test func endlessRuns() throws {
    let count = 1_000_000_000
    let run = Made.varint(UInt64(count) << 1)
    let nulls = Made.word(run.count + 1) + run + [0]
    let made = flat([Made.page(count, nulls)], count: count, leaf: Made.leaf("x", .byteArray, .optional))
    am_start()
    let folder = try ParquetFile(made.bytes)
    let reader = try ParquetReader(path: folder.path)
    for _ in 0..<1_000 { #expect(try reader.next() == JSONObject([("x", .null)])) }
    #expect(am_peak() < 1_000_000)

    let rest = Made.varint(UInt64(count - 1) << 1) + [1]
    let repetitions = Made.word(rest.count + 2) + [2, 0] + rest
    let definitions = Made.word(run.count + 1) + run + [1]
    let list = HandmadeParquet(
      schema: [
        Made.root(1), Made.group("x", .required, 1, converted: 3), Made.group("list", .repeated, 1),
        Made.leaf("element", .byteArray, .optional),
      ],
      groups: [
        (1, [.init(type: 6, pages: [Made.page(count, repetitions + definitions)], valueCount: count)])
      ])
    expect(list, "row 1: a row is far longer than so small a file can hold")
  }

  @Test func differences() {
    func deltas(_ head: [Int], _ rest: [UInt8], encoding: Int = 5, type: HandmadeParquet.Storage = .int64)
      -> HandmadeParquet
    {
      let body = head.flatMap { Made.varint(UInt64($0)) } + rest
      return flat(
        [Made.page(3, body, encoding: encoding)], count: 3, leaf: Made.leaf("x", type), type: type.rawValue)
    }
    let impossible = "row 1, column x: a page has impossible blocks of differences"
    for head in [
      [0, 1, 3, 0], [128, 0, 3, 0], [128, 3, 3, 0], [8, 4, 3, 0], [1 << 40, 1, 3, 0], [128, 4, 1 << 40, 0],
    ] {
      expect(deltas(head, [0, 0, 0, 0, 0]), impossible)
    }
    // One miniblock of 2³¹ − 8 differences of no bits: three values of it are read.
    #expect(ParquetShapeTests.refusal(deltas([2_147_483_640, 1, 2_147_483_647, 0], [0, 0])) == "read 3 rows")
    expect(deltas([128, 4, 3, 0], [0, 65, 0, 0, 0]), "row 2, column x: a page has differences of 65 bits")
    expect(deltas([128, 4, 2, 0], [0, 0, 0, 0, 0]), "row 3, column x: a page ends within its values")
    // Lengths that no bytes stand behind, and ones below zero.
    expect(
      deltas([128, 4, 3, 2], [0, 0, 0, 0, 0], encoding: 6, type: .byteArray),
      "row 1, column x: a page ends within its values")
    expect(
      deltas([128, 4, 3, 1], [0, 0, 0, 0, 0, 65, 65], encoding: 6, type: .byteArray),
      "row 1, column x: a page ends within its values")
    expect(
      deltas(
        [128, 4, 3, 2], [0, 0, 0, 0, 0] + Made.varint(128) + [4, 3, 0, 0, 0, 0, 0, 0], encoding: 7, type: .byteArray),
      "row 1, column x: a value begins with more than the one before it has")
  }

  /// Columns of one list that disagree on its length, and levels that no schema has.
  @Test func levels() {
    let schema = [
      Made.root(1), Made.group("x", .optional, 1, converted: 3), Made.group("list", .repeated, 1),
      Made.group("element", .optional, 2), Made.leaf("a", .int32, .optional), Made.leaf("b", .int32, .optional),
    ]
    func made(_ left: ([Int], [Int]), _ right: ([Int], [Int])) -> HandmadeParquet {
      let chunks = [left, right].map { levels in
        HandmadeParquet.Chunk(
          type: 1, pages: [Made.page(levels.0.count, Made.levels(levels.0) + Made.levels(levels.1))],
          valueCount: levels.0.count)
      }
      return HandmadeParquet(schema: schema, groups: [(1, chunks)])
    }
    #expect(ParquetShapeTests.refusal(made(([0, 1], [3, 3]), ([0, 1], [3, 3]))) == "read 1 rows")
    let path = "column x.list.element.b"
    expect(made(([0, 1], [3, 3]), ([0], [3])), "row 1, \(path): it does not fit the columns beside it")
    expect(made(([0], [3]), ([0, 1], [3, 3])), "row 1, \(path): it does not fit the columns beside it")
    expect(made(([0], [0]), ([0], [3])), "row 1, \(path): it does not fit the columns beside it")
    expect(made(([0], [2]), ([0], [3])), "row 1, \(path): it does not fit the columns beside it")
    expect(made(([0], [3]), ([0], [1])), "row 1, \(path): it does not fit the columns beside it")
    expect(
      made(([1], [3]), ([1], [3])), "row 1, column x.list.element.a: it begins within a row")
    expect(
      made(([0, 3], [3, 3]), ([0, 3], [3, 3])),
      "row 1, column x.list.element.a: a run repeats a number that is too large")
    expect(
      made(([0], [5]), ([0], [5])), "row 1, column x.list.element.a: a level is higher than the schema allows")
  }

  @Test func schemas() {
    expect(HandmadeParquet(schema: [], groups: []), "it has no columns")
    expect(HandmadeParquet(schema: [Made.root(Int(Int32.max))], groups: []), "its schema ends too early")
    expect(
      HandmadeParquet(schema: [Made.root(1), Made.group("x", .optional, 0)], groups: []),
      "column x: it has nothing in it")
    let deep = (0..<5_000).map { _ in Made.group("x", .optional, 1) }
    expect(HandmadeParquet(schema: [Made.root(1)] + deep, groups: []), "its columns are nested too deep")
    expect(
      HandmadeParquet(schema: [Made.root(1), Made.leaf("x", .fixed, length: 0)], groups: []),
      "column x: its values have 0 bytes")
    expect(
      HandmadeParquet(schema: [Made.root(1), [(1, .int(1)), (3, .int(0))]], groups: []), "a column has no name")
    let many = HandmadeParquet(
      schema: [Made.root(100_000)] + Array(repeating: [(4, .text(""))], count: 100_000), groups: [])
    #expect(
      ParquetShapeTests.refusal(many)
        == "a table of more than 100000 columns is not supported; write fewer of them into the file")
    let nested = [UInt8](repeating: 0x1C, count: 5_000)
    var made = HandmadeParquet(schema: [Made.root(1), Made.leaf("x", .int32)], groups: [])
    made.further = [(20, .raw(kind: 12, nested))]
    expect(made, "its metadata is nested too deep")
    made.further = [(20, .raw(kind: 9, [0xF6] + Made.varint(UInt64.max)))]
    expect(made, "its metadata has an impossible length")
    made.further = [(20, .raw(kind: 9, [0xF6] + Made.varint(1 << 40)))]
    expect(made, "its metadata ends too early")
  }

  /// JSON takes more memory than its text: a page of a few bytes must not come to a gigabyte of it.
  @Test func memoryOfJSON() {
    // LZ4: "[[0]," and then what stands four bytes before, 19 + 255 × 16,448 + 1 bytes long, and "[0]]".
    let lengths = [UInt8](repeating: 255, count: 16_448) + [1]
    let text = Array("[[0],".utf8) + [4, 0] + lengths + [0x40] + Array("[0]]".utf8)
    let size = 4 + 5 + 4_194_260 + 4
    let packed: [UInt8] = [0x9F] + Made.word(size - 4) + text
    expect(
      flat(
        [Made.page(1, packed, unpacked: size)], leaf: Made.leaf("x", .byteArray, converted: 19), codec: 7),
      "row 1, column x: a row is far longer than so small a file can hold")
  }

  /// Control characters of a name do not reach the terminal.
  @Test func names() {
    let name = "a\u{1B}[31m\n" + String(repeating: "b", count: 200)
    let made = HandmadeParquet(
      schema: [Made.root(1), Made.leaf(name, .int32)],
      groups: [(1, [.init(type: 1, pages: [Made.page(1, [])], valueCount: 1)])])
    let shown = "a\u{FFFD}[31m " + String(repeating: "b", count: 73) + "…"
    expect(made, "row 1, column \(shown): a page ends within its values")
  }
}
