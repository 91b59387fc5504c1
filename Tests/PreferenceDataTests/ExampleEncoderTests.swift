import Testing
import Text

@testable import PreferenceData

@Suite struct ExampleEncoderTests {
  typealias Toy = ByteEncoding
  let plain = TextPairEncoder(text: Toy())

  // MARK: text

  @Test func textIsJoinedAsItStands() throws {
    let pair = try plain.encode(prompt: .text("Q:"), response: .text(" x"))
    #expect(pair.prompt == [Toy.bos] + .bytes("Q:"))
    #expect(pair.responses == [.bytes(" x") + [Toy.eos]])
    #expect(pair.notes.isEmpty)
    #expect(try plain.encode(prompt: .text("Q:")) == pair.prompt)
  }

  @Test func anEmptyResponseIsTheEndAlone() throws {
    let pair = try plain.encode(prompt: .text("Q:"), response: .text(""))
    #expect(pair.prompt == [Toy.bos] + .bytes("Q:"))
    #expect(pair.responses == [[Toy.eos]])
    let ended = try plain.encode(prompt: .text("Q:</s>"), response: .text(""))
    #expect(ended.prompt.last == Toy.eos && ended.responses == [[Toy.eos]])
  }

  @Test func noTextAtAll() throws {
    let bare = TextPairEncoder(text: Toy(addsBOS: false))
    let pair = try bare.encode(prompt: .text(""), response: .text("x"))
    #expect(pair.prompt.isEmpty)
    #expect(pair.responses == [.bytes("x") + [Toy.eos]])
  }

  @Test func oneBOS() throws {
    let pair = try plain.encode(prompt: .text("<s>Q:"), response: .text(" x"))
    #expect(pair.prompt == [Toy.bos] + .bytes("Q:"))
    #expect(pair.notes == [.doubleBOS])
  }

  /// A post-processor that ends every text with EOS must not end the prompt, nor double the response's.
  @Test func oneEOS() throws {
    let encoder = TextPairEncoder(text: Toy(addsEOS: true))
    let pair = try encoder.encode(prompt: .text("Q:"), response: .text(" x"))
    #expect(pair.prompt == [Toy.bos] + .bytes("Q:"))
    #expect(pair.responses == [.bytes(" x") + [Toy.eos]])
    #expect(try plain.encode(prompt: .text("Q:"), response: .text(" x</s>")).responses == pair.responses)
  }

  // MARK: tokens across the boundary

  // "…a" + "b…" merges into one token (300). Alone, the boundary stays at the prompt's count, as TRL has it:
  // prompt ids [bos, "a"] → the whole is [bos, ab, "c", eos], so the response is ["c", eos].
  @Test func aTokenAcrossTheBoundary() throws {
    let pair = try plain.encode(prompt: .text("a"), response: .text("bc"))
    #expect(pair.prompt == [Toy.bos, Toy.merged])
    #expect(pair.responses == [.bytes("c") + [Toy.eos]])
    #expect(pair.notes == [.boundaryMoved])
  }

  // With a second response that does not merge, the wholes [bos, ab, c, eos] and [bos, a, x, eos] share only the BOS.
  @Test func aSharedPromptEndsWhereAllAgree() throws {
    let list = try plain.encode(prompt: .text("a"), responses: [.text("bc"), .text("x")])
    #expect(list.prompt == [Toy.bos])
    let merged: [Int32] = [Toy.merged] + .bytes("c") + [Toy.eos]
    let plainly: [Int32] = .bytes("ax") + [Toy.eos]
    #expect(list.responses == [merged, plainly])
    #expect(list.notes == [.boundaryMoved])
    // Nothing lost: prompt + response are the ids of the whole text.
    #expect(list.prompt + list.responses[0] == Toy().encode("abc", addSpecialTokens: true) + [Toy.eos])
  }

  @Test func boundaries() {
    #expect(TextPairEncoder.boundary(prompt: 3, wholes: [[1, 2, 3, 4], [1, 2, 9]]) == 2)
    #expect(TextPairEncoder.boundary(prompt: 3, wholes: [[1, 2, 3, 4], [1, 2, 3]]) == 2)
    #expect(TextPairEncoder.boundary(prompt: 2, wholes: [[1, 2, 3, 4], [1, 2, 9]]) == 2)
    #expect(TextPairEncoder.boundary(prompt: 2, wholes: [[1, 2, 3], []]) == 0)
    #expect(TextPairEncoder.boundary(prompt: 0, wholes: []) == 0)
  }

  // MARK: messages

  func messages(_ text: String) -> TextOrMessages { .messages([ChatMessage(role: "user", content: text)]) }

  // The whole is "<s>(user)Q<|end|>\n(assistant)x<|end|>\n"; the final line break is not scored.
  @Test func messagesEndWithTheTemplatesToken() throws {
    let encoder = TextPairEncoder(text: Toy(template: .chat))
    let pair = try encoder.encode(prompt: messages("Q"), response: .text("x"))
    #expect(pair.prompt == [Toy.bos] + .bytes("(user)Q") + [Toy.end] + .bytes("\n(assistant)"))
    #expect(pair.responses == [.bytes("x") + [Toy.end]])
    #expect(pair.notes.isEmpty)
    // A response given as messages, or as text behind a text prompt, is the same.
    let reply: TextOrMessages = .messages([ChatMessage(role: "assistant", content: "x")])
    #expect(try encoder.encode(prompt: messages("Q"), response: reply) == pair)
    #expect(try encoder.encode(prompt: .text("Q"), response: reply) == pair)
  }

  @Test func aTemplateWithoutAnEndGetsEOS() throws {
    let encoder = TextPairEncoder(text: Toy(template: .chatWithoutEnd))
    let pair = try encoder.encode(prompt: messages("Q"), response: .text("x"))
    #expect(pair.responses == [.bytes("x\n") + [Toy.eos]])
  }

  @Test func aModelWithoutATemplateRefusesMessages() {
    let record = PreferenceRecord(prompt: messages("Q"), responses: [.text("x"), .text("y")], rewards: [1, 0])
    #expect(
      throws: EncodingRefusal(reason: .chatTemplateRefused, sentence: "the model has no chat template")
    ) { try ExampleEncoder(text: Toy()).encode(record, index: 0) }
  }

  // MARK: transcripts

  let transcript = PreferenceRecord(
    prompt: .text("\n\nHuman: Q\n\nAssistant:"), responses: [.text(" x "), .text(" y")], rewards: [1, 0],
    isTranscript: true)

  @Test func transcriptsFollowTheModel() throws {
    let asText = try ExampleEncoder(text: Toy()).encode(transcript, index: 0)
    #expect(asText.prompt == [Toy.bos] + .bytes("\n\nHuman: Q\n\nAssistant:"))
    #expect(asText.responses == [.bytes(" x ") + [Toy.eos], .bytes(" y") + [Toy.eos]])
    let asChat = try ExampleEncoder(text: Toy(template: .chat)).encode(transcript, index: 0)
    #expect(asChat.prompt == [Toy.bos] + .bytes("(user)Q") + [Toy.end] + .bytes("\n(assistant)"))
    #expect(asChat.responses == [.bytes("x") + [Toy.end], .bytes("y") + [Toy.end]])
  }

  // MARK: lengths

  func record(_ prompt: String, _ responses: [String]) -> PreferenceRecord {
    PreferenceRecord(
      prompt: .text(prompt), responses: responses.map { .text($0) },
      rewards: responses.indices.map { -Double($0) })
  }

  // BOS and "0123456789" are 11 tokens; 6 keep the BOS and the last five.
  @Test func longPromptsKeepTheirEnd() throws {
    let encoder = ExampleEncoder(text: Toy(), maxPromptLength: 6, maxLength: 100)
    let example = try encoder.encode(record("0123456789", ["x", "y"]), index: 3)
    #expect(example.record == 3)
    #expect(example.prompt == [Toy.bos] + .bytes("56789"))
    #expect(example.responses == [.bytes("x") + [Toy.eos], .bytes("y") + [Toy.eos]])
    #expect(example.notes == [.promptTruncated])
    let bare = ExampleEncoder(text: Toy(addsBOS: false), maxPromptLength: 4, maxLength: 100)
    #expect(try bare.encode(record("0123456789", ["x", "y"]), index: 0).prompt == .bytes("6789"))
  }

  // 3 prompt tokens leave 4 of 7: "long" without its EOS; "y" and EOS are whole.
  @Test func longResponsesKeepTheirStart() throws {
    let encoder = ExampleEncoder(text: Toy(), maxPromptLength: 6, maxLength: 7)
    let example = try encoder.encode(record("Q:", ["longer", "y"]), index: 0)
    #expect(example.responses == [.bytes("long"), .bytes("y") + [Toy.eos]])
    #expect(example.notes == [.responseTruncated])
    #expect(example.tokens == 9)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let encoder = ExampleEncoder(text: Toy(), maxPromptLength: 6, maxLength: 7)
    #expect(throws: EncodingRefusal(reason: .nothingLeft)) {
      try encoder.encode(record("Q:", ["same start", "same end"]), index: 0)
    }
    let small = ExampleEncoder(text: Toy(), maxPromptLength: 10, maxLength: 3)
    #expect(throws: EncodingRefusal(reason: .promptTooLong)) { try small.encode(record("Q:", ["x", "y"]), index: 0) }
  }

  // MARK: what to look at

  // 40 tokens that differ in two (5 %) are nearly the same; in three they are not; short ones are left alone.
  @Test func nearlyTheSame() {
    let base = (0..<40).map { Int32($0) }
    func changed(_ range: Range<Int>) -> [Int32] {
      base.enumerated().map { range.contains($0.offset) ? -1 : $0.element }
    }
    #expect(nearlyIdentical(base, changed(10..<12)))
    #expect(!nearlyIdentical(base, changed(10..<13)))
    #expect(nearlyIdentical(base, Array(base.dropLast(2))))
    #expect(!nearlyIdentical(Array(base.prefix(19)), Array(base.prefix(18))))
    #expect(!nearlyIdentical([], []))
  }

  @Test func oneSidedLengthsAreSaid() {
    func report(_ longer: Int, of all: Int) -> String? {
      let records = (0..<all).map { record("Q\($0)", $0 < longer ? ["long", "y"] : ["x", "long"]) }
      let start = DataReport()
      return ExampleEncoder(text: Toy()).encode(records, report: start).report.lines().first {
        $0.contains("longer one")
      }
    }
    #expect(
      report(16, of: 20) == "note: the best response is the longer one for 80 % of the prompts; a model can learn "
        + "length instead of quality")
    #expect(report(15, of: 20) == nil)
    #expect(report(19, of: 19) == nil)
  }

  // Without a BOS, "a" joins "b" but not "x": the two wholes share no token at all.
  @Test func aPromptWithoutATokenIsRefused() throws {
    let encoder = ExampleEncoder(text: Toy(addsBOS: false))
    #expect(throws: EncodingRefusal(reason: .emptyPrompt)) { try encoder.encode(record("a", ["bc", "x"]), index: 0) }
  }

  // MARK: the account

  @Test func theReportGoesOn() throws {
    let data = try DataFiles.load([
      DataRows.pair(prompt: "Q1", chosen: "longer", rejected: "y"),
      DataRows.pair(prompt: "Q2", chosen: "same start", rejected: "same end"),
      DataRows.pair(prompt: "Q3", chosen: "x", rejected: "x"), DataRows.pair(prompt: "Q4", chosen: "x", rejected: "z"),
    ])
    let encoder = ExampleEncoder(text: Toy(), maxPromptLength: 6, maxLength: 7)
    let (examples, report) = encoder.encode(data.records, report: data.report)
    #expect(examples.map(\.record) == [0, 2])
    #expect(
      report.lines() == [
        "4 rows read as trl, 2 kept, 2 dropped",
        "dropped 1: all responses are the same (line 3)",
        "dropped 1: no difference left between the responses within max_length (line 2)",
        "note: 1 lost the end of a response, and its end-of-turn token, to max_length (line 1)",
      ])
    DataFiles.expectBalanced(report)
  }

  @Test func theTemplatesSentenceIsKept() throws {
    let twice = TextOrMessages.messages([
      ChatMessage(role: "user", content: "Q"), ChatMessage(role: "user", content: "R"),
    ])
    let record = PreferenceRecord(prompt: twice, responses: [.text("x"), .text("y")], rewards: [1, 0], line: 9)
    var report = DataReport(files: ["f"], formats: [.ranked])
    (report.rowsRead, report.kept) = (1, 1)
    let (examples, after) = ExampleEncoder(text: Toy(template: .alternating)).encode([record], report: report)
    #expect(examples.isEmpty)
    #expect(
      after.lines() == [
        "1 row read as ranked, 0 kept, 1 dropped", "dropped 1: refused by the model's chat template (line 9)",
        "the chat template says: roles must alternate",
      ])
  }
}
