import Foundation
import TestSupport
import Testing
import Text

@testable import PreferenceData

@Suite struct ExampleStoreTests {
  typealias Toy = ByteEncoding

  private static let key = [UInt8](repeating: 9, count: 32)

  /// Rows whose prompts tell them apart, among them some that are dropped and some that are noted.
  private static func rows(_ count: Int) -> String {
    (0..<count).map { number in
      let rejected = number % 7 == 3 ? "same" : "no \(String(repeating: "x", count: number % 40))"
      return DataRows.pair(prompt: "Q\(number)", chosen: "same", rejected: rejected) + "\n"
    }.joined()
  }

  private func encode(
    _ text: String, threads: Int, cache: ExampleCache.Entry? = nil
  ) throws -> (store: ExampleStore, report: DataReport) {
    try DataScratch.with { scratch in
      let path = try scratch.write("rows.jsonl", text)
      var (store, report) = try DatasetEncoder(
        encoder: ExampleEncoder(text: Toy(), maxPromptLength: 6, maxLength: 30), threads: threads
      ).encode(DatasetEncoder.Source(paths: [path]), cache: cache, check: { _ in })
      report.files = ["rows"]
      return (store, report)
    }
  }

  /// The streaming encoder against loading everything and encoding it, as the tests of `ExampleEncoder` do.
  @Test(arguments: [1, 2, 5]) func equalsEncodingAtOnce(threads: Int) throws {
    let text = Self.rows(1500)
    let data = try DataFiles.load(bytes: text.utf8)
    let (examples, expected) = ExampleEncoder(text: Toy(), maxPromptLength: 6, maxLength: 30)
      .encode(data.records, report: data.report)
    let (store, report) = try encode(text, threads: threads)
    #expect(store.count == examples.count && store.count > 1000)
    for (index, example) in examples.enumerated() {
      let stored = try store.example(index)
      #expect(stored.prompt == example.prompt && stored.responses == example.responses)
      #expect(store.rewards(index) == example.rewards && store.responseCount(index) == 2)
      #expect(store.promptTokens(index) == example.prompt.count)
      #expect(store.responseTokens(index) == example.responses.reduce(0) { $0 + $1.count })
      #expect(store.longestResponse(index) == example.responses.map(\.count).max())
      #expect(try store.texts(index) == ExampleTexts(data.records[example.record]))
    }
    #expect(report.lines() == expected.lines())
    DataFiles.expectBalanced(report)
  }

  private func stored(_ scratch: DataScratch, examples: Int = 3000) throws -> (path: String, store: ExampleStore) {
    let path = scratch.folder.appendingPathComponent("x.rows").path
    let writer = ExampleStoreWriter(key: Self.key, limit: 1 << 18) { try BlockFile(creating: path) }
    for number in 0..<examples {
      let record = PreferenceRecord(
        prompt: .text("prompt \(number)"), responses: [.text("yes"), .text("né \(number)")], rewards: [2.5, -1])
      var random = SplitMix(state: UInt64(number))
      let ids = (0..<200).map { _ in Int32.random(in: 0..<90, using: &random) }
      let example = EncodedExample(
        record: number, prompt: [1] + ids, responses: [[5, 2], [6, 7, 2]], rewards: [2.5, -1])
      try writer.append(example, payload: ExampleBlock.pack(example, ExampleTexts(record)))
    }
    var report = DataReport(files: ["f"], formats: [.trl])
    (report.rowsRead, report.kept) = (examples + 2, examples)
    report.drop(.noPreference, file: 0, line: 4, rows: 2)
    report.note(.duplicateRow, file: 0, line: 9)
    report.templateRefusal = "no roles"
    return (path, try writer.finish(report: report))
  }

  /// Blocks begin in memory and move to the file; what is read back from it is the same, report included.
  @Test func aFileReadsBack() throws {
    try DataScratch.with { scratch in
      let (path, store) = try stored(scratch)
      #expect(store.isInFile)
      let (again, report) = try #require(ExampleStore.open(path, key: Self.key, vocabulary: 90))
      #expect(again.sizes == store.sizes)
      for index in [0, 1, 2999, 1500, 2, 2998, 1500] {
        #expect(try again.example(index) == store.example(index))
        #expect(
          try again.texts(index)
            == ExampleTexts(
              PreferenceRecord(
                prompt: .text("prompt \(index)"), responses: [.text("yes"), .text("né \(index)")], rewards: [])))
      }
      #expect(report.rowsRead == 3002 && report.kept == 3000 && report.formats == [.trl])
      #expect(report.dropped[.noPreference]?.count == 2 && report.notes[.duplicateRow]?.firstLines == [9])
      #expect(report.templateRefusal == "no roles")
    }
  }

  /// Of another key, with ids that the model lacks, cut short, or with a byte changed: not used. (One bit of a zstd
  /// frame's header means nothing; what is read is the same then.)
  @Test func nothingIsTrusted() throws {
    try DataScratch.with { scratch in
      let (path, store) = try stored(scratch)
      #expect(ExampleStore.open(path, key: Self.key, vocabulary: 89) == nil)
      #expect(ExampleStore.open(path, key: [UInt8](repeating: 8, count: 32), vocabulary: 90) == nil)
      #expect(ExampleStore.open(path + "x", key: Self.key, vocabulary: 90) == nil)
      let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      for kept in [0, 1, 71, 72, whole.count / 2, whole.count - 1] {
        let cut = try scratch.write("cut", whole[..<kept])
        #expect(ExampleStore.open(cut, key: Self.key, vocabulary: 90) == nil, "\(kept)")
      }
      var random = SplitMix(state: 3)
      var accepted = 0
      for _ in 0..<200 {
        var bytes = whole
        bytes[Int.random(in: bytes.indices, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
        guard let (bent, _) = ExampleStore.open(try scratch.write("bent", bytes), key: Self.key, vocabulary: 90) else {
          continue
        }
        accepted += 1
        #expect(bent.sizes == store.sizes)
        for index in 0..<store.count { #expect(try bent.example(index) == store.example(index)) }
      }
      #expect(accepted < 5)
    }
  }

  /// A file that changes while it is used gives an error, not other numbers.
  @Test func changesWhileInUseAreNoticed() throws {
    try DataScratch.with { scratch in
      let (path, store) = try stored(scratch)
      let handle = try #require(FileHandle(forUpdatingAtPath: path))
      try handle.seek(toOffset: 40)
      try handle.write(contentsOf: Data([1, 2, 3, 4, 5, 6]))
      #expect(throws: DataError.damagedCache(path: path)) { try store.example(0) }
      try handle.truncate(atOffset: 10)
      #expect(throws: DataError.damagedCache(path: path)) { try store.example(2999) }
    }
  }

  // MARK: the cache's folder

  @Test func theCacheFindsWhatItKept() throws {
    try DataScratch.with { scratch in
      let cache = ExampleCache(folder: scratch.folder.appendingPathComponent("a/b"))
      let entry = cache.entry(key: Self.key)
      #expect(entry.read(vocabulary: 1000) == nil)
      // Small data stays in memory and leaves no file.
      let (small, _) = try encode(Self.rows(100), threads: 1, cache: entry)
      #expect(!small.isInFile && entry.read(vocabulary: 1000) == nil)

      let writer = ExampleStoreWriter(key: Self.key, limit: 0, makeFile: entry.makeFile)
      let example = EncodedExample(record: 0, prompt: [1], responses: [[2], [3]], rewards: [1, 0])
      let record = PreferenceRecord(prompt: .text("p"), responses: [.text("a"), .text("b")], rewards: [1, 0])
      try writer.append(example, payload: ExampleBlock.pack(example, ExampleTexts(record)))
      try entry.keep(writer.finish(report: DataReport()))
      #expect(try entry.read(vocabulary: 4)?.store.example(0) == example)
      #expect(entry.read(vocabulary: 3) == nil)
      let names = try FileManager.default.contentsOfDirectory(atPath: cache.folder.path)
      #expect(names == [String(repeating: "09", count: 32) + ".rows"])

      // What was not used for longest goes first, and never the newest.
      let old = cache.folder.appendingPathComponent("old.rows")
      try Data(count: 50).write(to: old)
      try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: old.path)
      cache.prune(keeping: names[0], limit: 10)
      #expect(try FileManager.default.contentsOfDirectory(atPath: cache.folder.path) == names)
    }
  }

  /// Data that cannot be read twice gets a file without a name.
  @Test func standardInputLeavesNoFile() throws {
    try DataScratch.with { scratch in
      let entry = ExampleCache(folder: scratch.folder).entry(key: nil)
      let writer = ExampleStoreWriter(key: entry.key, limit: 0, makeFile: entry.makeFile)
      let example = EncodedExample(record: 0, prompt: [1], responses: [[2], [3]], rewards: [1, 0])
      let record = PreferenceRecord(prompt: .text("p"), responses: [.text("a"), .text("b")], rewards: [1, 0])
      try writer.append(example, payload: ExampleBlock.pack(example, ExampleTexts(record)))
      let store = try writer.finish(report: DataReport())
      try entry.keep(store)
      #expect(store.isInFile)
      #expect(try store.example(0) == example)
      #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path).isEmpty)
    }
  }

  @Test func aFolderThatCannotBeMadeIsNamed() throws {
    try DataScratch.with { scratch in
      let file = try scratch.write("taken", "")
      let entry = ExampleCache(folder: URL(fileURLWithPath: file + "/rows")).entry(key: Self.key)
      #expect(throws: DataError.unwritable(path: file + "/rows", why: "the folder cannot be made")) {
        try entry.makeFile()
      }
    }
  }
}
