import Foundation
import TestSupport
import Testing

@testable import PreferenceData

/// Which files a folder or a pattern stands for.
@Suite struct DataPathsTests {
  /// A folder with these files, each empty.
  private func files(
    _ names: [String], use: DataPaths.Use = .training, split: String? = nil, pattern: String? = nil
  ) throws -> [String] {
    try DataScratch.with { scratch in
      for name in names {
        let url = scratch.folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data().write(to: url)
      }
      let root = scratch.folder.path
      let path = pattern.map { root + "/" + $0 } ?? root
      do {
        return try DataPaths(use: use, split: split).files(of: [path]).map { String($0.dropFirst(root.count + 1)) }
      } catch let error as DataError {
        return ["\(error)".replacing(root, with: "F")]
      }
    }
  }

  static let hub = [
    "README.md", ".gitattributes", "data/train-00001-of-00002.parquet", "data/train-00000-of-00002.parquet",
    "data/test-00000-of-00001.parquet", "dataset_infos.json",
  ]

  @Test func layoutsOfAHub() throws {
    #expect(
      try files(Self.hub) == ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"])
    #expect(try files(Self.hub, use: .evaluation) == ["data/test-00000-of-00001.parquet"])
    #expect(try files(Self.hub, split: "test") == ["data/test-00000-of-00001.parquet"])
    #expect(try files(["train.jsonl.gz", "test.jsonl.gz"]) == ["train.jsonl.gz"])
    #expect(
      try files(["train/0001.parquet", "train/0000.parquet", "validation/0000.parquet"]) == [
        "train/0000.parquet", "train/0001.parquet",
      ])
    #expect(try files(["b.jsonl", "a.json", "notes.txt"]) == ["a.json", "b.jsonl"])
    #expect(
      try files(["parquet-train-00000-of-00001.arrow", "cache-1.arrow"]) == ["parquet-train-00000-of-00001.arrow"])
  }

  @Test func severalSplitsAreAQuestion() throws {
    let ultra = ["train_prefs", "train_sft", "test_prefs", "test_sft"].map { "data/\($0)-00000-of-00001.parquet" }
    let list = "it has the splits test_prefs, test_sft, train_prefs, train_sft"
    #expect(try files(ultra) == ["F: \(list); choose one with data.split"])
    #expect(try files(ultra, use: .evaluation) == ["F: \(list); choose one with data.eval_split"])
    #expect(try files(ultra, split: "train_prefs") == ["data/train_prefs-00000-of-00001.parquet"])
    #expect(try files(ultra, split: "dev") == ["F: has no split \"dev\", which data.split names; \(list)"])
    #expect(
      try files(ultra, split: "train_perfs")
        == ["F: has no split \"train_perfs\", which data.split names, did you mean \"train_prefs\"?; \(list)"])
    // What was trained on is no test of it.
    #expect(
      try files(["train.jsonl"], use: .evaluation) == ["F: it has the split train; choose one with data.eval_split"])
    #expect(try files(["train.jsonl"], use: .evaluation, split: "train") == ["train.jsonl"])
    #expect(
      try files(["train.jsonl", "validation.jsonl", "test.jsonl"], use: .evaluation)
        == ["F: it has the splits test, train, validation; choose one with data.eval_split"])
  }

  @Test func foldersThatSayNothing() throws {
    #expect(
      try files(["helpful/train.jsonl", "harmless/train.jsonl"]) == [
        "F: is a folder without data files; name one of the folders in it: harmless, helpful"
      ])
    #expect(try files(["a.txt"])[0].hasPrefix("F: is a folder without data files; name a folder with .jsonl"))
    #expect(
      try files(["a.jsonl", "a.parquet"])[0].hasPrefix("F: holds jsonl and parquet files, maybe of the same rows"))
    #expect(
      try files(["a.jsonl"], split: "train", pattern: "a.jsonl")[0].contains("is no folder that data.split could"))
  }

  @Test func patterns() throws {
    let names = [
      "prefs-1.jsonl", "prefs-0.jsonl", "other.jsonl", ".prefs-2.jsonl", "sub/x.csv", "sub/y.csv", "a[1].jsonl",
    ]
    #expect(try files(names, pattern: "prefs-*.jsonl") == ["prefs-0.jsonl", "prefs-1.jsonl"])
    #expect(try files(names, pattern: "s?b/[x-z].csv") == ["sub/x.csv", "sub/y.csv"])
    #expect(try files(names, pattern: "a[1].jsonl") == ["a[1].jsonl"])
    #expect(try files(names, pattern: "*") == ["a[1].jsonl", "other.jsonl", "prefs-0.jsonl", "prefs-1.jsonl"])
    #expect(try files(names, pattern: "none-*") == ["F/none-*: no file matches this pattern"])
    #expect(try files(names, pattern: "none.jsonl") == ["none.jsonl"])
  }

  // MARK: save_to_disk

  @Test func foldersThatDatasetsSaved() throws {
    let saved = TestPackage.fixture("tables/arrow/saved").path
    let dictionary = TestPackage.fixture("tables/arrow/saved_dict").path
    func records(_ path: String, _ use: DataPaths.Use, split: String? = nil) throws -> [[TextOrMessages]] {
      let files = try DataPaths(use: use, split: split).files(of: [path])
      return try PreferenceDataset.load(paths: files).records.map { [$0.prompt] + $0.responses }
    }
    func lines(_ name: String) throws -> [[TextOrMessages]] {
      try records(TestPackage.fixture("tables/\(name).jsonl").path, .training)
    }
    #expect(try records(saved, .training) == lines("pairs"))
    #expect(try records(dictionary, .training) == lines("conversations"))
    #expect(try records(dictionary, .evaluation) == Array(lines("conversations")[..<5]))
    #expect(try records(dictionary, .training, split: "test").count == 5)
    #expect(throws: DataError.self) { try records(dictionary, .training, split: "dev") }
    #expect(throws: DataError.self) { try records(saved, .training, split: "train") }
  }

  @Test func savedFoldersDoNotLeadOutside() throws {
    for name in ["../x.arrow", "", "..", "a/b"] {
      try DataScratch.with { scratch in
        _ = try scratch.write("state.json", "{\"_data_files\": [{\"filename\": \"\(name)\"}]}")
        #expect(throws: DataError.self) { try DataPaths(use: .training).files(of: [scratch.folder.path]) }
      }
    }
  }
}
