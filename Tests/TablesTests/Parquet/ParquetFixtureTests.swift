import Foundation
import JSON
import Tables
import TestSupport
import Testing

/// Files that pyarrow, Polars, DuckDB and datasets wrote hold the rows that the same data's JSON lines hold.
/// Tests/Fixtures/tables/parquet/make.py made them.
@Suite struct ParquetFixtureTests {
  static func path(_ name: String) -> String { TestPackage.fixture("tables/parquet/\(name)").path }

  static func rows(_ reader: ParquetReader) throws -> [JSONObject] {
    var rows: [JSONObject] = []
    while let row = try reader.next() { rows.append(row) }
    return rows
  }

  private static func lines(_ name: String) throws -> [JSONObject] {
    let text = try String(contentsOfFile: path(name), encoding: .utf8)
    return try text.split(separator: "\n").map { try #require(try JSONValue(parsing: Array($0.utf8)).object) }
  }

  static let preferences: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path(""))) ?? []
    return files.filter { $0.hasPrefix("preferences-") && $0.hasSuffix(".parquet") }.sorted()
  }()

  @Test func thereAreFilesOfEveryWriter() {
    for writer in ["pyarrow", "polars", "duckdb", "datasets"] {
      #expect(Self.preferences.contains { $0.hasPrefix("preferences-\(writer)") })
    }
    #expect(Self.preferences.count >= 25)
  }

  @Test(arguments: preferences) func holdsTheRowsOfTheLines(file: String) throws {
    let reader = try ParquetReader(path: Self.path(file))
    let wanted = try Self.lines("preferences.jsonl")
    #expect(reader.rowCount == wanted.count)
    #expect(reader.columnNames == wanted[0].keys)
    let rows = try Self.rows(reader)
    #expect(rows.count == wanted.count)
    for (number, (row, wanted)) in zip(rows, wanted).enumerated() {
      #expect(row == wanted, "row \(number) of \(file)")
    }
  }

  @Test(arguments: [
    ("types-pyarrow", "types"), ("types-pyarrow-split", "types"), ("types-duckdb", "types-duckdb"),
    ("int96-pyarrow", "int96"),
  ])
  func readsEveryType(file: String, lines: String) throws {
    let rows = try Self.rows(try ParquetReader(path: Self.path("\(file).parquet")))
    let wanted = try Self.lines("\(lines).jsonl")
    #expect(rows.count == wanted.count)
    for (row, wanted) in zip(rows, wanted) {
      #expect(row.keys == wanted.keys)
      for (key, value) in wanted.members { #expect(row[key] == value, "\(key)") }
    }
  }

  /// Groups of a thousand rows, one of none among them.
  @Test func readsManyRowGroups() throws {
    let reader = try ParquetReader(path: Self.path("thousands-pyarrow.parquet"))
    #expect(reader.rowCount == 2_100)
    #expect(reader.progress == 0)
    var number = 0
    while let row = try reader.next() {
      let word = number % 5 == 0 ? JSONValue.null : .string("word \(number % 13)")
      #expect(row == JSONObject([("number", .integer(number)), ("word", word)]))
      number += 1
      #expect(reader.progress == Double(number) / 2_100)
    }
    #expect(number == 2_100)
    #expect(try reader.next() == nil)
  }

  @Test func readsNoRows() throws {
    let reader = try ParquetReader(path: Self.path("empty-pyarrow.parquet"))
    #expect(reader.rowCount == 0)
    #expect(reader.progress == 1)
    #expect(reader.columnNames.count == 9)
    #expect(try reader.next() == nil)
  }

  @Test func readsTheColumnsThatAreAskedFor() throws {
    let file = Self.path("preferences-pyarrow-v1-snappy.parquet")
    let reader = try ParquetReader(path: file, columns: ["meta", "chosen", "nowhere"])
    #expect(reader.columnNames.count == 9)
    let rows = try Self.rows(reader)
    let wanted = try Self.lines("preferences.jsonl").map {
      JSONObject([("chosen", $0["chosen"] ?? .null), ("meta", $0["meta"] ?? .null)])
    }
    #expect(rows == wanted)
    #expect(try Self.rows(try ParquetReader(path: file, columns: [])) == wanted.map { _ in JSONObject() })
  }

  @Test func refusesWhatIsNoFile() throws {
    let folder = try TemporaryFolder()
    #expect(throws: TableError.unreadable(path: folder.path, why: "it is a folder")) {
      _ = try ParquetReader(path: folder.path)
    }
    let nowhere = folder.path + "/nowhere"
    #expect(throws: TableError.unreadable(path: nowhere, why: "No such file or directory")) {
      _ = try ParquetReader(path: nowhere)
    }
  }

  /// A file that another program cuts short is an error, not a crash.
  @Test func survivesAFileThatShrinks() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/x.parquet"
    try FileManager.default.copyItem(atPath: Self.path("thousands-pyarrow.parquet"), toPath: file)
    let reader = try ParquetReader(path: file)
    _ = try reader.next()
    let handle = try #require(FileHandle(forWritingAtPath: file))
    try handle.truncate(atOffset: 5_000)
    let shrunk = TableError.unreadable(path: file, why: "it was cut short while it was open")
    #expect(throws: shrunk) { while try reader.next() != nil {} }
    #expect(throws: shrunk) { _ = try reader.next() }
  }
}
