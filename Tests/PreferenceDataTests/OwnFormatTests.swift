import Foundation
import JSON
import Text
import Testing

@testable import PreferenceData

/// A format that only this test knows: two answers and who won, as an arena of models keeps them.
private struct DuelFormat: RowFormat {
  let summary = "duel: question, left, right, winner (left or right)"

  func recognises(_ row: JSONObject) -> Bool { row.has("question", "left", "right", "winner") }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference {
    let winner = try row.string("winner")
    guard ["left", "right"].contains(winner) else { throw .wrongType }
    return RawPreference(
      prompt: try row.textOrMessages("question"),
      responses: [try row.textOrMessages("left"), try row.textOrMessages("right")],
      rewards: winner == "left" ? [1, 0] : [0, 1])
  }
}

extension DataFormat {
  fileprivate static let duel = DataFormat("duel", DuelFormat())
}

@Suite struct OwnFormatTests {
  private let rows = """
    {"question": "P", "left": "a", "right": "b", "winner": "right"}
    {"question": "Q", "left": "c", "right": "d", "winner": "left"}
    {"question": "R", "left": "e", "right": "f", "winner": "nobody"}

    """

  /// Recognised by its rows or named, read, ranked, and its bad row accounted for; unknown where nobody registered it.
  @Test func aFormatOfTheTestsOwn() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("duel-\(UUID().uuidString).jsonl").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try rows.write(toFile: path, atomically: true, encoding: .utf8)
    let formats = DataFormat.allCases + [.duel]
    for format in [nil, DataFormat(name: "Duel", among: formats)] {
      let data = try PreferenceDataset.load(paths: [path], format: format, among: formats, maxBadRows: 1)
      #expect(data.format == .duel && data.report.rowsRead == 3 && data.report.kept == 2)
      #expect(data.report.dropped[.wrongType]?.count == 1)
      #expect(data.records.map(\.responses) == [[.text("b"), .text("a")], [.text("c"), .text("d")]])
    }
    #expect(throws: DataError.self) { try PreferenceDataset.load(paths: [path], maxBadRows: 1) }
    #expect(DataFormat(name: "duel") == nil)
  }
}
