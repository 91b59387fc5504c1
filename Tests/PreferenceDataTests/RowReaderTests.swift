import Foundation
import Testing

@testable import PreferenceData

@Suite struct RowReaderTests {
  /// Rows as text, with the line each starts on.
  func rows(_ bytes: some Sequence<UInt8>, name: String = "rows") throws -> [(String, Int)] {
    try DataScratch.with { scratch in
      var reader = RowReader(try ByteSource(path: try scratch.write(name, bytes)))
      var result: [(String, Int)] = []
      while try reader.next() { result.append((String(decoding: reader.row, as: UTF8.self), reader.line)) }
      return result
    }
  }

  func expect(_ text: String, gives expected: [(String, Int)], sourceLocation: SourceLocation = #_sourceLocation) throws
  {
    let found = try rows(text.utf8)
    #expect(found.map(\.0) == expected.map(\.0), sourceLocation: sourceLocation)
    #expect(found.map(\.1) == expected.map(\.1), sourceLocation: sourceLocation)
  }

  @Test func lines() throws {
    try expect("a\nb\n\n  \nc", gives: [("a", 1), ("b", 2), ("c", 5)])
    try expect("\u{FEFF}a\r\nb\r\n", gives: [("a", 1), ("b", 2)])
    try expect("\n\n\"a\"", gives: [("\"a\"", 3)])
    try expect("", gives: [])
    try expect("\n \n", gives: [])
  }

  @Test func arrays() throws {
    try expect("[1, 2]", gives: [("1", 1), ("2", 1)])
    try expect(
      "\n[\n {\"a\": [1,\n 2]},\n {\"b\": \"],[\\\"\"}\n]\n",
      gives: [
        ("{\"a\": [1,\n 2]}", 3), ("{\"b\": \"],[\\\"\"}\n", 5),
      ])
    try expect("[]", gives: [])
    // A string that ends with a backslash, and one that ends with a quote.
    try expect(#"["a\\", "b\"", 7]"#, gives: [(#""a\\""#, 1), (#""b\"""#, 1), ("7", 1)])
    try expect("[1,,2,]", gives: [("1", 1), ("", 1), ("2", 1)])
    // What follows an array is read as lines: a first row that is a list loses nothing.
    try expect("[1]\n{\"a\": 2}\n", gives: [("1", 1), ("{\"a\": 2}", 2)])
  }

  /// `tokenize --chat` has a list on every line.
  @Test func publicRows() throws {
    try DataScratch.with { scratch in
      let path = try scratch.write("rows", "[1]\nx\n\n{\"a\": [2]}\n")
      var rows = try RowSource(path: path, readsArrays: false)
      let (first, second, third) = (try rows.next(), try rows.next(), try rows.next())
      #expect(first?.line == 1)
      #expect(try first?.value.get() == .array([.number(1)]))
      #expect(second?.line == 2)
      #expect(throws: DropReason.malformedJSON) { try second?.value.get() }
      #expect(third?.line == 4)
      #expect(try third?.value.get().object?["a"] == .array([.number(2)]))
      #expect(try rows.next() == nil)
      var elements = try RowSource(path: path)
      #expect(try elements.next()?.value.get() == .number(1))
    }
  }

  @Test func cutOffArray() throws {
    #expect(throws: DataError.self) { try rows("[{\"a\": 1}, {\"a\": ".utf8) }
    #expect(
      try DataFiles.failure(bytes: "[{\"a\": 1},\n{\"a\": [2}]\n".utf8, name: "x.json")
        == "x.json: line 2: the JSON array ends inside the element that starts here; a bracket or quote is missing, or "
        + "the file is cut off")
  }

  /// Rows and elements that cross the 1 MiB chunks, an escape on the very edge among them.
  @Test(arguments: [-2, -1, 0, 1, 2]) func chunkEdges(_ offset: Int) throws {
    let padding = ByteSource.chunkSize + offset
    let long = "{\"a\":\"" + String(repeating: "x", count: padding - 8) + "\\\"\\\\ y\"}"
    try expect("\(long)\n\(long)\n7", gives: [(long, 1), (long, 2), ("7", 3)])
    try expect("[\(long),\(long),7]", gives: [(long, 1), (long, 1), ("7", 1)])
  }

  @Test func tooLongRowsAreReportedAndPassed() throws {
    var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: RowReader.maximumRow + 2)
    bytes += Array("\n".utf8) + Array(DataRows.pair.utf8)
    let data = try DataFiles.load(bytes: bytes)
    #expect(data.report.dropped[.rowTooLong]?.firstLines == [1])
    #expect(data.records.map(\.line) == [2])
  }

  @Test func tenMegabyteLinesAreRead() throws {
    let long = String(repeating: "word ", count: 2_000_000)
    let data = try DataFiles.load([DataRows.pair(prompt: "Q: \(long)")])
    #expect(data.records.first?.prompt.plainText.utf8.count == 10_000_003)
  }

  @Test func progressRisesToOne() throws {
    try DataScratch.with { scratch in
      let rows = (0..<30_000).map { DataRows.pair(prompt: "Question \($0)?") + "\n" }.joined()
      let path = try scratch.write("rows.jsonl", rows)
      var seen: [Double] = []
      _ = try PreferenceDataset.load(paths: [path, path], progress: { seen.append($0) })
      #expect(seen.count >= 4)
      #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 <= $1 })
      #expect(seen.last == 1)
    }
  }
}

/// Rows that many tests need.
enum DataRows {
  static let pair = pair(prompt: "How do I descale a kettle?")
  static func pair(prompt: String, chosen: String = "With vinegar.", rejected: String = "With sand.") -> String {
    #"{"prompt": "\#(prompt)", "chosen": "\#(chosen)", "rejected": "\#(rejected)"}"#
  }
}
