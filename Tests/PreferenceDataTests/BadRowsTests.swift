import Foundation
import Testing

@testable import PreferenceData

/// Every kind of bad input is counted and listed, or one sentence; nothing is lost in silence.
@Suite struct BadRowsTests {
  static let ranked = #"{"prompt": "Q", "responses": ["a", "b"], "rewards": [1, 0]}"#

  /// A bad row between two good ones is dropped for the reason given, with its line.
  @Test(arguments: [
    ("not json", DropReason.malformedJSON), ("{", .malformedJSON), ("{\"prompt\": \"x\"", .malformedJSON),
    (#"{"prompt": "Q" "responses": []}"#, .malformedJSON), (#"{'prompt': 'Q'}"#, .malformedJSON),
    ("{\"prompt\": \"tab\tinside\"}", .malformedJSON), (ranked + ranked, .malformedJSON),
    (ranked + ",", .malformedJSON), (String(repeating: "[", count: 5000), .malformedJSON),
    ("7", .wrongType), ("null", .wrongType), ("\"text\"", .wrongType), ("[1, [2, [3]]]", .wrongType),
    ("{}", .missingKey), (#"{"responses": ["a", "b"], "rewards": [1, 0]}"#, .missingKey),
    (#"{"prompt": "Q", "rewards": [1, 0]}"#, .missingKey),
    (#"{"prompt": "Q", "responses": ["a", "b"]}"#, .missingKey),
    (#"{"prompt": 3, "responses": ["a", "b"], "rewards": [1, 0]}"#, .wrongType),
    (#"{"prompt": null, "responses": ["a", "b"], "rewards": [1, 0]}"#, .wrongType),
    (#"{"prompt": ["Q"], "responses": ["a", "b"], "rewards": [1, 0]}"#, .wrongType),
    (#"{"prompt": [{"role": "user"}], "responses": ["a", "b"], "rewards": [1, 0]}"#, .missingKey),
    (#"{"prompt": [{"role": "user", "content": 1}], "responses": ["a", "b"], "rewards": [1, 0]}"#, .wrongType),
    (#"{"prompt": "Q", "responses": "ab", "rewards": [1, 0]}"#, .wrongType),
    (#"{"prompt": "Q", "responses": ["a", 2], "rewards": [1, 0]}"#, .wrongType),
    (#"{"prompt": "Q", "responses": [["a"], ["b"]], "rewards": [1, 0]}"#, .wrongType),
    (#"{"prompt": "Q", "responses": ["a", "b"], "rewards": 1}"#, .wrongType),
    (#"{"prompt": "Q", "responses": ["a", "b"], "rewards": ["1", "0"]}"#, .wrongType),
    (#"{"prompt": "Q", "responses": ["a", "b"], "rewards": [true, false]}"#, .wrongType),
    (#"{"prompt": "Q", "responses": ["a", "b"], "rewards": [1, null]}"#, .wrongType),
    (#"{"prompt": "Q", "responses": ["a", "b"], "rewards": [1]}"#, .lengthMismatch),
    (#"{"prompt": "Q", "responses": ["a", "b"], "rewards": [1, 0, 2]}"#, .lengthMismatch),
    (#"{"prompt": "Q", "responses": ["a", "b"], "rewards": [NaN, 0]}"#, .rewardNotFinite),
    (#"{"prompt": "Q", "responses": ["a", "b"], "rewards": [1, -Infinity]}"#, .rewardNotFinite),
    (#"{"prompt": "Q", "responses": ["a", "b"], "rewards": [1e400, 0]}"#, .rewardNotFinite),
    (#"{"prompt": "\ud800", "responses": ["a", "b"], "rewards": [1, 0]}"#, .invalidText),
    (#"{"prompt": "Q", "responses": ["a\udc00", "b"], "rewards": [1, 0]}"#, .invalidText),
  ])
  func badRow(_ row: String, _ reason: DropReason) throws {
    let data = try DataFiles.load([BadRowsTests.ranked, row, BadRowsTests.ranked])
    #expect(data.report.rowsRead == 3)
    #expect(data.report.dropped.keys.map(\.self) == [reason])
    #expect(data.report.dropped[reason]?.firstLines == [2])
    #expect(data.records.map(\.line) == [1, 3])
    #expect(data.report.badRows == 1)
    #expect(reason.isBad)
    DataFiles.expectBalanced(data.report)
  }

  /// Sound rows that teach nothing are dropped too, but do not count as bad.
  @Test(arguments: [
    (#"{"prompt": "Q", "responses": ["a", "b"], "rewards": [1, 1]}"#, DropReason.noPreference),
    (#"{"prompt": "Q", "responses": ["a", "a"], "rewards": [1, 0]}"#, .identicalResponses),
    (#"{"prompt": "Q", "responses": ["a"], "rewards": [1]}"#, .tooFewResponses),
    (#"{"prompt": "Q", "responses": [], "rewards": []}"#, .tooFewResponses),
    (#"{"prompt": "Q", "responses": ["a", "\n "], "rewards": [1, 0]}"#, .emptyResponse),
    (#"{"prompt": " ", "responses": ["a", "b"], "rewards": [1, 0]}"#, .emptyPrompt),
    (#"{"prompt": [], "responses": ["a", "b"], "rewards": [1, 0]}"#, .emptyPrompt),
  ])
  func uselessRow(_ row: String, _ reason: DropReason) throws {
    let data = try DataFiles.load([BadRowsTests.ranked, row], maxBadRows: 0)
    #expect(data.report.dropped[reason]?.firstLines == [2])
    #expect(data.report.badRows == 0)
    #expect(!reason.isBad)
    DataFiles.expectBalanced(data.report)
  }

  @Test func brokenUTF8IsCounted() throws {
    var bytes = Array((BadRowsTests.ranked + "\n" + #"{"prompt": ""#).utf8)
    bytes += [0xFF, 0xFE] + Array(#"", "responses": ["a", "b"], "rewards": [1, 0]}"#.utf8)
    let data = try DataFiles.load(bytes: bytes)
    #expect(data.report.dropped[.invalidText]?.firstLines == [2])
  }

  @Test func markAndLineEndsOfWindowsDoNotMatter() throws {
    let text = "\u{FEFF}\(BadRowsTests.ranked)\r\n\r\n\(BadRowsTests.ranked)\r\n"
    let data = try DataFiles.load(bytes: text.utf8, maxBadRows: 0)
    #expect(data.records.count == 2)
    #expect(data.report.rowsRead == 2)
  }

  // 99 good rows and one bad are exactly 1 %, which is allowed; 98 and two are not.
  @Test func moreThanTheLimitStopsTheRun() throws {
    let good = Array(repeating: BadRowsTests.ranked, count: 98)
    let allowed = try DataFiles.load(good + [BadRowsTests.ranked, "x"], maxBadRows: 0.01)
    #expect(allowed.report.badRows == 1)
    let sentence = try DataFiles.failure(
      bytes: (good + ["x", "[1, 2]"]).joined(separator: "\n").utf8, name: "prefs.jsonl")
    #expect(
      sentence == "prefs.jsonl: 2 of 100 rows cannot be read, more than data.max_bad_rows allows (1 %): "
        + "1 × not valid JSON (line 99); 1 × a value of the wrong type (line 100)")
  }

  /// Random damage to good files of every format: read, counted or refused in one sentence, and nothing lost.
  @Test func randomDamage() throws {
    var state: UInt64 = 11
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    try DataScratch.with { scratch in
      for example in DataFormatTests.cases {
        let lines = Array(repeating: example.row, count: 6)
        for text in [lines.joined(separator: "\n"), "[" + lines.joined(separator: ",\n") + "]"] {
          for _ in 0..<12 {
            var bytes = Array(text.utf8)
            for _ in 0...random(3) {
              let at = random(bytes.count)
              switch random(3) {
              case 0: bytes[at] = UInt8(random(256))
              case 1: bytes.remove(at: at)
              default: bytes.insert(Array("\"\\{}[],:\n0".utf8)[random(10)], at: at)
              }
            }
            let path = try scratch.write("rows.jsonl", bytes)
            do {
              let data = try PreferenceDataset.load(paths: [path], maxBadRows: 1)
              DataFiles.expectBalanced(data.report)
              #expect(data.records.reduce(0) { $0 + $1.rows } == data.report.kept)
            } catch {
              #expect(error is DataError)
              #expect(!String(describing: error).contains("\n"))
            }
          }
        }
      }
    }
  }

  // MARK: whole files

  @Test(arguments: [
    ("", "rows.jsonl: has no rows"),
    ("\n\n", "rows.jsonl: has no rows"),
    ("[]", "rows.jsonl: has no rows"),
    (
      "{\"a\": 1, \"b\": 2}\n",
      "rows.jsonl: line 1: no known format has the keys \"a\", \"b\"; name one with data.format "
        + "(halos, pro, nca, sppo, simpo, ultrafeedback, ultrafeedback_binarized, pku_helpful, pku_safe, nectar, exo, "
        + "ranked, llama_factory, llama_factory_sharegpt, axolotl, trl, trl_unpaired, hh_rlhf, trl_implicit, scored)"
    ),
    (
      #"{"prompt": "Q", "responses": ["a", "b"], "rewards": [1, 1]}"#,
      "rows.jsonl: no row can be used: 1 row read as ranked, 0 kept, 1 dropped; dropped 1: all responses tie with "
        + "the best (line 1)"
    ),
  ])
  func uselessFile(_ text: String, _ sentence: String) throws {
    let found = try DataFiles.failure(bytes: text.utf8)
    #expect(found?.replacing(/\S*rows\.jsonl: no row/, with: "rows.jsonl: no row") == sentence)
  }

  @Test func foreignFilesNameTheirCure() throws {
    #expect(
      try DataFiles.failure(bytes: Array("FEA1....".utf8), name: "it's.feather")?.hasPrefix(
        "it's.feather: is a Feather file of version 1; write it anew with: python3 -c \"import sys, pandas; "
          + "pandas.read_feather(sys.argv[1]).to_parquet(sys.argv[1] + '.parquet')\" '")
        == true)
    #expect(try DataFiles.failure(bytes: [0xFF, 0xFE, 0x7B, 0], name: "a.json")?.contains("iconv") == true)
  }

  @Test func missingFilesAndFolders() throws {
    #expect(throws: DataError.notFound(path: "/no/such.jsonl")) {
      try PreferenceDataset.load(paths: ["/no/such.jsonl"])
    }
    #expect(DataError.notFound(path: "x").description == "x: no such file")
    let folder = FileManager.default.temporaryDirectory.path
    #expect(throws: DataError.isDirectory(path: folder)) { try PreferenceDataset.load(paths: [folder]) }
    #expect(throws: DataError.noFiles) { try PreferenceDataset.load(paths: []) }
  }
}
