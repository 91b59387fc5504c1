import Foundation
import Testing
import Text

@testable import PreferenceData

@Suite struct TranscriptTests {
  struct Expected: Decodable {
    var prompt: String
    var chosen: String
    var rejected: String
    var turns: [ChatMessage]
  }

  /// Prompts, answers and turns as Python's string methods cut them (Tests/Fixtures/data/make_fixtures.py).
  @Test func agreesWithPython() throws {
    let url = URL(fileURLWithPath: DataFiles.fixture("transcripts.expected.json"))
    let expected = try JSONDecoder().decode([Expected?].self, from: Data(contentsOf: url))
    let data = try PreferenceDataset.load(paths: [DataFiles.fixture("transcripts.jsonl")])
    #expect(data.format == .hhRLHF)
    #expect(data.report.rowsRead == expected.count)
    let kept = expected.enumerated().compactMap { index, row in row.map { (index + 1, $0) } }
    #expect(data.records.map(\.line) == kept.map(\.0))
    for (record, (_, row)) in zip(data.records, kept) {
      #expect(record.prompt == .text(row.prompt))
      #expect(record.responses == [.text(row.chosen), .text(row.rejected)])
      let conversation = record.asMessages()
      #expect(conversation.prompt == .messages(row.turns))
      #expect(
        conversation.responses
          == [row.chosen, row.rejected].map {
            .messages([ChatMessage(role: "assistant", content: $0.trimmingCharacters(in: .whitespacesAndNewlines))])
          })
    }
    #expect(data.report.dropped[.promptMismatch]?.firstLines == [7])
    #expect(data.report.dropped[.emptyResponse]?.firstLines == [8])
    #expect(data.report.dropped[.identicalResponses]?.firstLines == [9])
    DataFiles.expectBalanced(data.report)
  }

  @Test func wordsBeforeTheFirstTurnAreInstructions() {
    let turns = Transcript.messages(prompt: "Be kind.\n\nHuman: Hello\n\nAssistant:")
    #expect(turns.map(\.role) == ["system", "user"])
    #expect(turns.map(\.content) == ["Be kind.", "Hello"])
  }
}
