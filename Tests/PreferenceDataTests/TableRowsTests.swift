import Foundation
import TestSupport
import Testing

@testable import PreferenceData

/// Files of columns are the same preference data as their JSON lines.
@Suite struct TableRowsTests {
  private static func path(_ name: String) -> String { TestPackage.fixture("tables/\(name)").path }

  /// All that is read, places left out: lines are no rows.
  private static func records(_ path: String) throws -> [PreferenceRecord] {
    let data = try PreferenceDataset.load(paths: [path], maxBadRows: 0)
    DataFiles.expectBalanced(data.report)
    return data.records.map { record in
      var record = record
      record.line = 1
      return record
    }
  }

  @Test(arguments: [
    ("arrow/pairs.stream.arrow", "pairs"), ("arrow/pairs.lz4.feather", "pairs"), ("arrow/pairs.polars.arrow", "pairs"),
    ("arrow/conversations.arrow", "conversations"), ("arrow/conversations.columnwise.arrow", "conversations"),
    ("arrow/lists.zstd.feather", "lists"), ("csv/pairs.csv", "pairs"), ("csv/pairs.quoted.csv", "pairs"),
    ("csv/pairs.mark.csv.gz", "pairs"), ("csv/pairs.index.tsv", "pairs"), ("csv/pairs.polars.csv", "pairs"),
    ("csv/conversations.csv", "conversations"), ("csv/lists.csv", "lists"),
  ])
  func recordsAreThoseOfTheJSONLines(_ table: String, _ lines: String) throws {
    let expected = try Self.records(Self.path("\(lines).jsonl"))
    #expect(expected.count > 5)
    #expect(try Self.records(Self.path(table)) == expected)
  }

  /// Rows of a table have numbers, lines of a CSV file lines.
  @Test func placesAreRowsOrLines() throws {
    var places: [String] = []
    for name in ["arrow/types.arrow", "csv/python.csv"] {
      do { _ = try PreferenceDataset.load(paths: [Self.path(name)]) } catch {
        places.append("\(error)".replacing(TestPackage.fixture("tables").path + "/", with: ""))
      }
    }
    #expect(places.first?.hasPrefix("arrow/types.arrow: row 1: no known format has the keys \"i8\"") == true)
    #expect(places.last?.hasPrefix("csv/python.csv: line 2: the column \"prompt\" has Python's notation") == true)
    let report = try PreferenceDataset.load(paths: [Self.path("arrow/pairs.arrow")]).report
    let lines = try PreferenceDataset.load(paths: [Self.path("pairs.jsonl")]).report
    #expect(report.countsRows && !lines.countsRows)
    #expect(report.places(of: .init(count: 2, firstLines: [3, 4], firstFiles: [0, 0])) == "rows 3, 4")
  }

  @Test func raggedRowsOfACSVFileAreBadRows() throws {
    let good = (0..<100).map { "Q\($0),yes,no\n" }.joined()
    let data = try DataFiles.load(bytes: ("prompt,chosen,rejected\n" + good + "Q,yes\n").utf8, name: "x.csv")
    #expect(data.report.dropped[.malformedCSV]?.firstLines == [102] && data.records.count == 100)
    #expect(
      try DataFiles.failure(bytes: "prompt,chosen,rejected\nQ,yes\nQ,\"yes,no\n".utf8, name: "x.csv")
        == "x.csv: line 3: a cell in quotes that starts in this row does not end; a quote is missing, or the file is cut "
        + "off")
  }

  /// The first bytes count, whatever the name says; only CSV needs its name.
  @Test func namesDoNotMatter() throws {
    let table = try Data(contentsOf: URL(fileURLWithPath: Self.path("arrow/pairs.arrow")))
    #expect(try DataFiles.load(bytes: table, name: "x.jsonl").records.count == 21)
    let lines = try Data(contentsOf: URL(fileURLWithPath: Self.path("pairs.jsonl")))
    #expect(try DataFiles.load(bytes: lines, name: "x.csv").records.count == 21)
    #expect(try DataFiles.load(bytes: lines, name: "x.parquet").records.count == 21)
  }

  @Test func damageIsAnErrorOfTheData() throws {
    let table = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Self.path("arrow/pairs.arrow"))))
    #expect(
      try DataFiles.failure(bytes: table.dropLast(9), name: "x.arrow")?.hasPrefix("x.arrow: the file is damaged")
        == true)
    #expect(try DataFiles.failure(bytes: "PAR1 and more".utf8, name: "x.parquet")?.hasPrefix("x.parquet: ") == true)
  }

  @Test func commandsOverRowsReadThem() throws {
    for name in ["arrow/lists.arrow", "csv/lists.csv", "lists.jsonl"] {
      var counts: [Int] = []
      try LineInput(path: Self.path(name)).forEach { row, _ in
        counts.append(row.object?["responses"]?.array?.count ?? 0)
      }
      #expect(counts == [2, 3, 2, 3, 2, 3, 2], "\(name)")
    }
    do {
      try LineInput(path: Self.path("arrow/lists.arrow")).forEach { _, _ in throw LineInput.Problem("no") }
    } catch {
      #expect("\(error)".hasSuffix("lists.arrow: row 1: no"))
    }
  }

  @Test func messagesMayBeListsOfTheirParts() throws {
    let parts =
      #"{"prompt": {"from": ["human"], "value": ["Q"]}, "chosen": {"role": ["assistant"], "content": ["a"]}, "#
    let row = parts + #""rejected": {"role": ["assistant"], "content": ["b"]}}"#
    let data = try DataFiles.load([row, row.replacing(#"["b"]"#, with: #"["b", "c"]"#)])
    #expect(data.format == .trl && data.records.map(\.prompt) == [.messages([.init(role: "user", content: "Q")])])
    #expect(data.records[0].responses[1] == .messages([.init(role: "assistant", content: "b")]))
    #expect(data.report.dropped[.wrongType]?.firstLines == [2])
  }
}
