import Foundation
import Testing
import Text

@testable import PreferenceData

/// One row of every format: recognised by its content, read by its name, and mapped onto the same record.
@Suite struct DataFormatTests {
  static func user(_ text: String) -> TextOrMessages { .messages([ChatMessage(role: "user", content: text)]) }
  static func assistant(_ text: String) -> TextOrMessages { .messages([ChatMessage(role: "assistant", content: text)]) }

  struct Case: Sendable, CustomTestStringConvertible {
    var format: DataFormat
    var row: String
    var prompt: TextOrMessages
    var responses: [TextOrMessages]
    var rewards: [Double]
    var isTranscript = false
    var testDescription: String { "\(format.rawValue): \(row.prefix(60))" }
  }

  static let turns = #"{"role": "user", "content": "Q"}"#
  static func reply(_ text: String) -> String { #"{"role": "assistant", "content": "\#(text)"}"# }

  static let cases: [Case] = [
    Case(
      format: .ranked, row: #"{"prompt": "Q", "responses": ["c", "a", "b"], "rewards": [1, 3, 2.5], "id": 4}"#,
      prompt: .text("Q"), responses: [.text("a"), .text("b"), .text("c")], rewards: [3, 2.5, 1]),
    Case(
      format: .ranked, row: #"{"prompt": [\#(turns)], "responses": ["b", [\#(reply("a"))]], "ranks": [2, 1]}"#,
      prompt: user("Q"), responses: [assistant("a"), .text("b")], rewards: [-1, -2]),
    Case(
      format: .trl, row: #"{"prompt": "Q", "chosen": " a", "rejected": " b"}"#, prompt: .text("Q"),
      responses: [.text(" a"), .text(" b")], rewards: [1, 0]),
    Case(
      format: .trl,
      row: #"{"prompt": [\#(turns)], "chosen": [\#(reply("a"))], "rejected": [\#(reply("b"))]}"#, prompt: user("Q"),
      responses: [assistant("a"), assistant("b")], rewards: [1, 0]),
    Case(
      format: .trlImplicit, row: #"{"chosen": [\#(turns), \#(reply("a"))], "rejected": [\#(turns), \#(reply("b"))]}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [1, 0]),
    // Characters agree up to "Yes"; TRL would cut there.
    Case(
      format: .trlImplicit, row: #"{"chosen": "Is it so? Yes", "rejected": "Is it so? Yesterday"}"#,
      prompt: .text("Is it so?"), responses: [.text(" Yes"), .text(" Yesterday")], rewards: [1, 0]),
    Case(
      format: .hhRLHF,
      row: #"{"chosen": "\n\nHuman: Q\n\nAssistant: a", "rejected": "\n\nHuman: Q\n\nAssistant: b"}"#,
      prompt: .text("\n\nHuman: Q\n\nAssistant:"), responses: [.text(" a"), .text(" b")], rewards: [1, 0],
      isTranscript: true),
    Case(
      format: .pkuHelpful,
      row: #"{"prompt": "Q", "response_0": "b", "response_1": "a", "better_response_id": 1}"#, prompt: user("Q"),
      responses: [.text("a"), .text("b")], rewards: [1, 0]),
    Case(
      format: .pkuSafe, row: #"{"prompt": "Q", "response_0": "a", "response_1": "b", "safer_response_id": 0}"#,
      prompt: user("Q"), responses: [.text("a"), .text("b")], rewards: [1, 0]),
    // (4 + 2) / 2 = 3 by the ratings that are numbers; overall_score would turn the order round.
    Case(
      format: .ultrafeedback,
      row:
        #"{"instruction": "Q", "models": [], "completions": [{"response": "b", "fine-grained_score": 2.5, "overall_score": 10}, "#
        + #"{"response": "a", "overall_score": 1, "annotations": {"helpfulness": {"Rating": "4"}, "honesty": {"Rating": "N/A"}, "#
        + #""truthfulness": {"Rating": "2"}}}]}"#, prompt: user("Q"), responses: [.text("a"), .text("b")],
      rewards: [3, 2.5]),
    Case(
      format: .ultrafeedbackBinarized,
      row:
        #"{"prompt": "Q", "prompt_id": "1", "chosen": [\#(turns), \#(reply("a"))], "rejected": [\#(turns), \#(reply("b"))], "#
        + #""messages": [\#(turns), \#(reply("a"))], "score_chosen": 8.5, "score_rejected": 4}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [8.5, 4]),
    Case(
      format: .nectar,
      row:
        #"{"prompt": "\n\nHuman: Q\n\nAssistant: ", "answers": [{"answer": "b", "rank": 2}, {"answer": "a", "rank": 1.0}]}"#,
      prompt: .text("\n\nHuman: Q\n\nAssistant:"), responses: [.text(" a"), .text(" b")], rewards: [-1, -2],
      isTranscript: true),
    Case(
      format: .exo, row: #"{"prompt": "Q", "completions": ["a", "b"], "rewards": [1, 0]}"#, prompt: .text("Q"),
      responses: [.text("a"), .text("b")], rewards: [1, 0]),
    Case(
      format: .nca,
      row: #"{"A0": [\#(turns), \#(reply("b"))], "A0_score": 6, "A1": [\#(turns), \#(reply("a"))], "A1_score": 7}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [7, 6]),
    Case(
      format: .pro,
      row: #"{"meta": {}, "prefix": [["<|prompter|>Q", "<|assistant|>"], ["<|prompter|>Q", "<|assistant|>"]], "#
        + #""suffix": ["b", "a"], "reward": [0.1, 0.9], "sft_index": 0}"#,
      prompt: .text("\n\nHuman: Q\n\nAssistant:"), responses: [.text(" a"), .text(" b")], rewards: [0.9, 0.1],
      isTranscript: true),
    Case(
      format: .pro, row: #"{"prefix": ["Post\nTL;DR:", "Post\nTL;DR:"], "suffix": [" a", " b"], "reward": [2, 1]}"#,
      prompt: .text("Post\nTL;DR:"), responses: [.text(" a"), .text(" b")], rewards: [2, 1]),
    Case(
      format: .sppo,
      row: #"{"chosen": [\#(turns), \#(reply("a"))], "rejected": [\#(turns), \#(reply("b"))], "chosen_probs": 0.9, "#
        + #""chosen_probs_win": 0.8, "chosen_probs_lose": 0.25}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [0.8, 0.25]),
    Case(
      format: .sppo,
      row: #"{"prompt": "Q", "generate_0": "b", "generate_1": "a", "rm_scores": [-1, 2], "probability": [[0.5]]}"#,
      prompt: user("Q"), responses: [.text("a"), .text("b")], rewards: [2, -1]),
    Case(
      format: .simpo,
      row: #"{"prompt": "Q", "all_generated_responses": ["b", "a"], "all_rm_scores": [0.1, 0.2], "#
        + #""chosen": [\#(turns), \#(reply("a"))], "rejected": [\#(turns), \#(reply("b"))]}"#,
      prompt: user("Q"), responses: [.text("a"), .text("b")], rewards: [0.2, 0.1]),
    Case(
      format: .halos,
      row: #"{"type": "pairwise_feedback", "prompt_id": 1, "prompt": [\#(turns)], "output_A": [\#(reply("b"))], "#
        + #""output_B": [\#(reply("a"))], "label": 0, "reward_A": 0.5, "reward_B": 2}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [2, 0.5]),
    Case(
      format: .llamaFactory,
      row:
        #"{"instruction": "Q", "input": "more", "chosen": "a", "rejected": "b", "system": "S", "history": [["h", "i"]]}"#,
      prompt: .messages([
        ChatMessage(role: "system", content: "S"), ChatMessage(role: "user", content: "h"),
        ChatMessage(role: "assistant", content: "i"), ChatMessage(role: "user", content: "Q\nmore"),
      ]), responses: [.text("a"), .text("b")], rewards: [1, 0]),
    Case(
      format: .llamaFactoryShareGPT,
      row: #"{"conversations": [{"from": "human", "value": "Q"}], "chosen": {"from": "gpt", "value": "a"}, "#
        + #""rejected": {"from": "gpt", "value": "b"}}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [1, 0]),
    Case(
      format: .axolotl,
      row: #"{"system": "S", "instruction": "Q", "chosen_response": "a", "rejected_response": "b"}"#,
      prompt: .messages([ChatMessage(role: "system", content: "S"), ChatMessage(role: "user", content: "Q")]),
      responses: [.text("a"), .text("b")], rewards: [1, 0]),
    Case(
      format: .axolotl, row: #"{"question": "Q", "chosen": "a", "rejected": "b"}"#, prompt: user("Q"),
      responses: [.text("a"), .text("b")], rewards: [1, 0]),
    Case(
      format: .axolotl,
      row: #"{"prompt": "Q", "chosen": [\#(turns), \#(reply("a"))], "rejected": [\#(turns), \#(reply("b"))]}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [1, 0]),
  ]

  @Test(arguments: cases) func recognisedAndRead(_ example: Case) throws {
    for format in [nil, example.format] {
      let data = try DataFiles.load([example.row], format: format)
      #expect(data.format == example.format)
      let record = try #require(data.records.first)
      #expect(record.prompt == example.prompt)
      #expect(record.responses == example.responses)
      #expect(record.rewards == example.rewards)
      #expect(record.isTranscript == example.isTranscript)
      DataFiles.expectBalanced(data.report)
    }
  }

  /// The same rows in one JSON array.
  @Test func arraysAndLinesAreTheSame() throws {
    for example in DataFormatTests.cases {
      let array = try DataFiles.load(bytes: "[\n  \(example.row),\n  \(example.row)\n]\n".utf8)
      #expect(array.records.map(\.responses) == [example.responses, example.responses])
      #expect(array.records.map(\.line) == [2, 3])
      #expect(array.report.notes[.duplicateRow]?.firstLines == [3])
    }
  }

  @Test func everyFormatHasACase() {
    let joined: Set<DataFormat> = [.trlUnpaired, .scored]
    #expect(Set(DataFormatTests.cases.map(\.format)).union(joined) == Set(DataFormat.allCases))
    for format in DataFormat.allCases { #expect(!format.summary.isEmpty) }
    #expect(DataFormat(name: "HH-RLHF") == .hhRLHF)
    #expect(DataFormat(name: "nonsense") == nil)
  }

  // MARK: questions

  static let bothLabels =
    #"{"prompt": "Q", "response_0": "x", "response_1": "y", "better_response_id": 0, "safer_response_id": 1}"#

  @Test func twoLabelsAskWhich() throws {
    #expect(
      try DataFiles.failure(bytes: DataFormatTests.bothLabels.utf8)
        == "rows.jsonl: each pair is labelled twice, by helpfulness and by safety; choose with data.format: pku_helpful or "
        + "pku_safe")
    #expect(try DataFiles.load([DataFormatTests.bothLabels], format: .pkuHelpful).records[0].responses[0] == .text("x"))
    #expect(try DataFiles.load([DataFormatTests.bothLabels], format: .pkuSafe).records[0].responses[0] == .text("y"))
  }

  // MARK: rows that join

  // Prompt P has answers 1, 0, 1 in lines 1, 3, 4; R has only a wanted one in line 2.
  @Test(arguments: [
    (
      DataFormat.trlUnpaired, #"{"prompt": "P", "completion": "a", "label": true}"#,
      #"{"prompt": "R", "completion": "b", "label": true}"#, #"{"prompt": "P", "completion": "c", "label": false}"#,
      #"{"prompt": "P", "completion": "d", "label": 1}"#
    ),
    (
      .scored, #"{"prompt": "P", "response": "a", "reward": 1}"#, #"{"prompt": "R", "response": "b", "reward": 1}"#,
      #"{"prompt": "P", "response": "c", "reward": 0}"#, #"{"prompt": "P", "response": "d", "reward": 1}"#
    ),
  ])
  func unpairedRowsJoinByPrompt(_ format: DataFormat, _ a: String, _ b: String, _ c: String, _ d: String) throws {
    let data = try DataFiles.load([a, b, c, d])
    #expect(data.format == format)
    #expect(data.records.count == 1)
    #expect(data.records[0].responses == [.text("a"), .text("d"), .text("c")])
    #expect(data.records[0].rewards == [1, 1, 0])
    #expect(data.records[0].rows == 3)
    #expect(data.report.kept == 3)
    #expect(data.report.dropped[.tooFewResponses]?.firstLines == [2])
    DataFiles.expectBalanced(data.report)
  }

  /// HelpSteer has one scored response a row; the rows of a prompt become a list.
  @Test func columnsOfOneResponseAreJoined() throws {
    let rows = [
      #"{"note": 1}"#,
      #"{"prompt": "Q", "response": "a", "helpfulness": 1}"#, #"{"prompt": "Q", "response": "b", "helpfulness": 4}"#,
    ]
    try DataScratch.with { scratch in
      let path = try scratch.write("rows.jsonl", rows.joined(separator: "\n"))
      let data = try PreferenceDataset.load(
        paths: [path], columns: ColumnMap(rewards: ["helpfulness"]), maxBadRows: 1)
      #expect(data.records.map(\.responses) == [[.text("b"), .text("a")]])
      #expect(data.report.dropped[.missingKey]?.firstLines == [1])
      #expect(data.report.kept == 2)
    }
  }

  @Test func unknownColumnsAreNamed() throws {
    try DataScratch.with { scratch in
      let path = try scratch.write("rows.jsonl", #"{"history": "Q", "answer": "a", "score": 1}"#)
      let error = #expect(throws: DataError.self) {
        try PreferenceDataset.load(
          paths: [path], columns: ColumnMap(prompt: "histroy", responses: ["answer"], rewards: ["score"]))
      }
      #expect(
        error?.description == "\(path): line 1: there is no column \"histroy\", which data.columns names, did you mean "
          + "\"history\"? (columns here: \"history\", \"answer\", \"score\")")
    }
  }

  @Test func columnMap() throws {
    func read(_ row: String, _ map: ColumnMap) throws -> PreferenceRecord? {
      try DataScratch.with { scratch in
        let path = try scratch.write("rows.jsonl", row)
        return try PreferenceDataset.load(paths: [path], columns: map, maxBadRows: 0).records.first
      }
    }
    // SHP keeps its two answers and their scores in four columns.
    let shp = try read(
      #"{"history": "Q", "human_ref_A": "b", "human_ref_B": "a", "score_A": 3, "score_B": 30}"#,
      ColumnMap(prompt: "history", responses: ["human_ref_A", "human_ref_B"], rewards: ["score_A", "score_B"]))
    #expect(shp?.responses == [.text("a"), .text("b")] && shp?.rewards == [30, 3])
    let ordered = try read(
      #"{"q": "Q", "good": "a", "bad": "b"}"#, ColumnMap(prompt: "q", responses: ["good", "bad"], rewards: []))
    #expect(ordered?.responses == [.text("a"), .text("b")])
    let lists = try read(
      #"{"q": "Q", "ys": ["b", "a"], "rs": [0, 5]}"#, ColumnMap(prompt: "q", responses: ["ys"], rewards: ["rs"]))
    #expect(lists?.responses == [.text("a"), .text("b")])
    #expect(ColumnMap(responses: ["a"], rewards: []).problem == "one response column needs a reward column")
    #expect(ColumnMap(responses: ["a", "b"], rewards: ["c"]).problem == "2 response columns, but 1 reward columns")
    #expect(ColumnMap(responses: ["a", "prompt"], rewards: []).problem == "\"prompt\" is named twice")
  }

  // MARK: what formats share

  @Test func tiesKeepTheFilesOrder() throws {
    // Rewards 1, 5, 5, 2: the first 5 is the best, the second is no candidate.
    let data = try DataFiles.load([#"{"prompt": "Q", "responses": ["w", "x", "y", "z"], "rewards": [1, 5, 5, 2]}"#])
    #expect(data.records[0].responses == [.text("x"), .text("y"), .text("z"), .text("w")])
    #expect(data.records[0].candidates == 2..<4)
    #expect(data.report.notes[.tieWithBest]?.count == 1)
  }

  @Test func emptyAnswersLeaveALongList() throws {
    let data = try DataFiles.load([#"{"prompt": "Q", "responses": ["w", " ", "y"], "rewards": [1, 5, 3]}"#])
    #expect(data.records[0].responses == [.text("y"), .text("w")])
    #expect(data.report.notes[.emptyResponseLeftOut]?.count == 1)
  }

  @Test func differentQuestionsAreNotAPair() throws {
    let other = #"{"role": "user", "content": "other"}"#
    let row =
      #"{"chosen": [\#(DataFormatTests.turns), \#(DataFormatTests.reply("a"))], "#
      + #""rejected": [\#(other), \#(DataFormatTests.reply("b"))]}"#
    #expect(try DataFiles.failure(bytes: row.utf8)?.contains(DropReason.promptMismatch.phrase) == true)
  }

  // Hand-worked: where the two texts part is moved back to white space; each text keeps its last word.
  @Test(arguments: [
    ("x: yes", "x: no", "x:"), ("one two", "one two three", "one"), ("same words", "same words", "same"),
    ("a b \n c", "a b \n d", "a b"), ("déjà vu", "déjà dit", "déjà"), ("Zoë", "Zora", ""), ("", "x", ""),
    ("a  b", "a c", "a"), ("tail ", "tail x", ""),
  ])
  func sharedText(_ first: String, _ second: String, _ prompt: String) {
    let parts = splitSharedText(first, second)
    #expect(parts.prompt == prompt)
    #expect(parts.prompt + parts.first == first)
    #expect(parts.prompt + parts.second == second)
  }

  @Test func severalFilesAreOneSet() throws {
    try DataScratch.with { scratch in
      let a = try scratch.write("a.jsonl", DataRows.pair + "\nx\n")
      let b = try scratch.write("b.json", "[\(BadRowsTests.ranked)]")
      let data = try PreferenceDataset.load(paths: [a, b], maxBadRows: 1)
      #expect(data.formats == [.trl, .ranked])
      #expect(data.records.map(\.file) == [0, 1])
      #expect(data.report.lines()[0] == "3 rows read as ranked, trl, 2 kept, 1 dropped")
      #expect(data.report.lines()[1] == "dropped 1: not valid JSON (\(a):2)")
      // The limit is a share of each file's rows.
      #expect(throws: DataError.self) { try PreferenceDataset.load(paths: [b, a], maxBadRows: 0.4) }
    }
  }
}
