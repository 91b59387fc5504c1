import DemoWorld
import Foundation
import Preference
import PreferenceData
import TestSupport
import Testing
import Text

@testable import RunFile
@testable import Training

/// A run on files of columns is the run on their JSON lines: the same token ids in the same order.
@Suite struct TableDataTests {
  private static let text = Result { try TextFolder(path: DemoWorld.resources().modelPath) }

  private func path(_ name: String) -> String { TestPackage.fixture("tables/\(name)").path }

  private func reader(_ data: String) throws -> PreferenceReader {
    let file = try RunFile.decode(yaml: "model: m\ndata: {\(data)}", name: "RUN.yaml")
    return PreferenceReader(data: file.data, text: try Self.text.get(), vocabulary: 1 << 20, model: "m", cache: nil)
  }

  private func hash(_ data: String, for use: DataPaths.Use = .training) throws -> String {
    let reader = try reader(data)
    var paths = reader.data.train
    if use == .evaluation, case .files(let files) = reader.data.evaluation { paths = files }
    let encoded = try reader.read(paths, for: use) { _, _ in }
    return try DataFingerprint(TrainingSet(encoded, rewardScale: .none)).root
  }

  @Test(arguments: ["chat: auto", "chat: always", "chat: always, system: Be brief."])
  func theSameDatasetFromEveryKindOfFile(_ chat: String) throws {
    let expected = try hash("train: '\(path("pairs.jsonl"))', \(chat)")
    for name in [
      "hub", "hub/data/train-*.parquet", "arrow/saved", "arrow/pairs.lz4.feather", "arrow/pairs.stream.arrow",
      "csv/pairs.csv", "csv/pairs.mark.csv.gz", "csv/pairs.index.tsv",
    ] {
      #expect(try hash("train: '\(path(name))', \(chat)") == expected, "\(name)")
    }
    #expect(try hash("train: '\(path("hub"))', split: test, \(chat)") != expected)
  }

  @Test func heldOutPromptsComeFromTheirSplit() throws {
    let hub = path("hub")
    let test = try hash("train: '\(hub)', split: test")
    #expect(try hash("train: a, eval: '\(hub)'", for: .evaluation) == test)
    #expect(try hash("train: a, eval: '\(hub)', eval_split: train", for: .evaluation) == hash("train: '\(hub)'"))
    #expect(throws: DataError.self) { try hash("train: '\(hub)', split: validation") }
  }

  /// What the token ids depend on beside the files' bytes is in the key of the cache.
  @Test func settingsAreInTheKeyOfTheCache() throws {
    func settings(_ data: String) throws -> [String] {
      let reader = try reader(data)
      return reader.settings(of: DatasetEncoder.Source(paths: reader.data.train))
    }
    let all = try [
      "train: a.jsonl", "train: a.csv", "train: a.tsv", "train: a.jsonl, chat: always", "train: a.jsonl, chat: never",
      "train: a.jsonl, chat: always, system: S", "train: a.jsonl, system: S", "train: a.jsonl, system: T",
    ].map(settings)
    #expect(Set(all).count == all.count)
    #expect(try settings("train: a.csv.gz") == settings("train: b.csv"))
  }
}
