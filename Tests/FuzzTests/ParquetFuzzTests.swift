import Foundation
import JSON
import Testing

@testable import Tables

/// Parquet files. A change anywhere in one mostly breaks the footer, so that the footer and the pages are also changed
/// each by itself, with the rest in order.
@Suite struct ParquetFuzzTests {
  private static let files = [
    "preferences-pyarrow-v1-none", "preferences-pyarrow-v2-none", "preferences-pyarrow-delta",
    "preferences-pyarrow-prefix", "preferences-pyarrow-split", "preferences-pyarrow-v1-snappy",
    "preferences-pyarrow-v2-lz4", "preferences-polars-zstd", "preferences-polars-gzip", "preferences-duckdb-v2-snappy",
    "preferences-datasets", "types-pyarrow", "types-pyarrow-split", "types-duckdb", "int96-pyarrow",
  ]

  /// What the format is made of: heads of Thrift fields and lists, numbers without an end, long runs.
  private static let words = [
    "PAR1", "PARE", "\u{0}", "\u{15}\u{0}\u{15}", "\u{19}\u{1C}", "\u{1}", "\u{2}", "\u{3}", "\u{6}\u{1}", "\u{7F}",
    "\u{7F}\u{7F}\u{7F}\u{7F}", "list", "element", "key_value", "\u{15}\u{2}\u{15}\u{4}", "\u{15}\u{6}", "\u{16}\u{0}",
  ]

  private static func seeds() throws -> [[UInt8]] {
    try files.map { try FuzzCampaign.file("Tests/Fixtures/tables/parquet/\($0).parquet") }
  }

  /// Where the footer of a whole file begins.
  private static func footerStart(_ file: [UInt8]) -> Int {
    file.count - 8 - Int(file.littleEndian(at: file.count - 8, width: 4))
  }

  private static func read(_ bytes: [UInt8], _ url: URL) throws {
    try Data(bytes).write(to: url)
    let reader = try ParquetReader(path: url.path)
    // Runs of nulls may make any number of rows out of a few bytes.
    for _ in 0..<3_000 {
      guard let row = try reader.next() else { return }
      #expect(row.members.count == reader.columnNames.count)
    }
  }

  private static func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.appendingPathComponent("x.parquet"))
  }

  @Test func wholeFiles() throws {
    try Self.inFolder { url in
      try FuzzCampaign.run("parquet", seeds: try Self.seeds(), words: Self.words) { try Self.read($0, url) }
    }
  }

  @Test func footers() throws {
    try Self.inFolder { url in
      let whole = try Self.seeds()
      // The file's number goes first, so that its pages are found again.
      let seeds = whole.enumerated().map { [UInt8($0)] + $1[Self.footerStart($1)..<$1.count - 8] }
      try FuzzCampaign.run("parquet footers", seeds: seeds, words: Self.words) { changed in
        let file = whole[Int(changed.first ?? 0) % whole.count]
        let footer = changed.dropFirst()
        let length = (0..<4).map { UInt8(truncatingIfNeeded: footer.count >> (8 * $0)) }
        try Self.read(Array(file[..<Self.footerStart(file)]) + footer + length + Array("PAR1".utf8), url)
      }
    }
  }

  @Test func pages() throws {
    try Self.inFolder { url in
      let whole = try Self.seeds()
      // The file's number goes first here too.
      let seeds = whole.enumerated().map { [UInt8($0)] + $1[4..<Self.footerStart($1)] }
      try FuzzCampaign.run("parquet pages", seeds: seeds, words: Self.words) { changed in
        let file = whole[Int(changed.first ?? 0) % whole.count]
        let start = Self.footerStart(file)
        // As many bytes as there were: the columns stay where the footer says.
        let pages = (changed.dropFirst() + [UInt8](repeating: 0, count: start)).prefix(start - 4)
        try Self.read(Array(file[..<4]) + pages + file[start...], url)
      }
    }
  }
}
