import Foundation
import Testing

@testable import PreferenceData

/// Counts pinned on real files; skipped where they are absent.
@Suite struct PreferenceDataOnSharedFiles {
  static let hh = DataFiles.shared("hh-rlhf-harmless-base-test.jsonl.gz")
  static let vicuna = DataFiles.shared("vicuna80.ranked.jsonl")

  // Independent count: TRL's script keeps the rows whose text before the last "\n\nAssistant:" agrees and whose stripped
  // answers are not empty: 2,303 of 2,312.
  @Test(.enabled(if: hh != nil, "../shared/data is absent")) func hhRLHF() throws {
    let path = try #require(PreferenceDataOnSharedFiles.hh)
    let data = try PreferenceDataset.load(paths: [path])
    #expect(data.format == .hhRLHF)
    #expect(data.report.rowsRead == 2312)
    #expect(data.report.kept == 2303)
    #expect(data.records.count == 2303)
    #expect(data.report.dropped.count == 2)
    #expect(data.report.dropped[.promptMismatch]?.count == 5)
    #expect(data.report.dropped[.promptMismatch]?.firstLines == [1255, 1689, 1951])
    #expect(data.report.dropped[.emptyResponse]?.count == 4)
    #expect(data.report.dropped[.emptyResponse]?.firstLines == [87, 517, 926])
    DataFiles.expectBalanced(data.report)

    // As messages, every prompt ends with a user turn; four have two turns of one role in a row.
    var repeating = 0
    for record in data.records {
      guard case .messages(let turns) = record.asMessages().prompt else {
        Issue.record("line \(record.line) is no conversation")
        continue
      }
      #expect(turns.last?.role == "user")
      if zip(turns, turns.dropFirst()).contains(where: { $0.role == $1.role }) { repeating += 1 }
    }
    #expect(repeating == 4)
  }

  @Test(.enabled(if: hh != nil, "../shared/data is absent")) func hhRLHFThroughTheEncoder() throws {
    let path = try #require(PreferenceDataOnSharedFiles.hh)
    let data = try PreferenceDataset.load(paths: [path])
    for template in [ByteEncoding.Template.none, .chat] {
      let encoder = ExampleEncoder(
        text: ByteEncoding(template: template), maxPromptLength: 100_000, maxLength: 200_000)
      // The toy encoder is slow: every 16th record.
      let examples = try stride(from: 0, to: data.records.count, by: 16).map { index in
        try encoder.encode(data.records[index], index: index)
      }
      #expect(examples.count == 144)
      let last = template == .none ? ByteEncoding.eos : ByteEncoding.end
      for example in examples {
        #expect(example.prompt.filter { $0 == ByteEncoding.bos }.count == 1)
        #expect(example.responses.allSatisfy { $0.last == last && $0.filter { $0 == last }.count == 1 })
      }
    }
  }

  // 79 prompts have seven answers and one has six; the two best tie in 30 (counted in Python).
  @Test(.enabled(if: vicuna != nil, "../shared/data is absent")) func vicuna80() throws {
    let path = try #require(PreferenceDataOnSharedFiles.vicuna)
    let data = try PreferenceDataset.load(paths: [path])
    #expect(data.format == .ranked)
    #expect(data.report.rowsRead == 80)
    #expect(data.records.count == 80)
    #expect(data.records.filter { $0.responses.count == 7 }.count == 79)
    #expect(data.records.filter { $0.responses.count == 6 }.count == 1)
    #expect(data.report.notes[.tieWithBest]?.count == 30)
    #expect(data.report.dropped.isEmpty)
    for record in data.records {
      #expect(zip(record.rewards, record.rewards.dropFirst()).allSatisfy { $0 >= $1 })
    }
  }
}
