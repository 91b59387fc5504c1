import Testing
import Text

@testable import PreferenceData

/// `data.chat` and `data.system`: what becomes of texts, and where the system turn goes.
@Suite struct ChatWrappingTests {
  typealias Toy = ByteEncoding

  private func record(_ prompt: TextOrMessages, _ responses: [TextOrMessages]) -> PreferenceRecord {
    PreferenceRecord(prompt: prompt, responses: responses, rewards: responses.indices.map { -Double($0) })
  }

  private func user(_ text: String) -> ChatMessage { ChatMessage(role: "user", content: text) }

  private var plain: PreferenceRecord { record(.text("Q "), [.text(" x"), .text(" y")]) }
  private var transcript: PreferenceRecord { record(.text("\n\nHuman: Q\n\nAssistant:"), [.text(" x"), .text(" y")]) }
  private var conversation: PreferenceRecord { record(.messages([user("Q")]), [.text("x"), .text("y")]) }

  /// The prompt as the model sees it.
  private func prompt(
    _ record: PreferenceRecord, _ mode: ChatWrapping.Mode, system: String? = nil, template: Toy.Template = .chat
  ) throws -> String {
    let encoder = ExampleEncoder(text: Toy(template: template), chat: ChatWrapping(mode, system: system))
    return Toy().decode(try encoder.encode(record, index: 0).prompt, skipSpecialTokens: false)
  }

  // MARK: chat

  @Test func textsStayTextsUnlessTurnsAreAskedFor() throws {
    #expect(try prompt(plain, .auto) == "Q ")
    #expect(try prompt(plain, .never) == "Q ")
    #expect(try prompt(plain, .always) == "(user)Q\n(assistant)")
    #expect(try prompt(transcript, .auto) == "\n\nHuman: Q\n\nAssistant:")
    #expect(try prompt(transcript, .always) == "(user)Q\n(assistant)")
    // A format that says its texts are transcripts has them as turns, but for never.
    var known = transcript
    known.isTranscript = true
    #expect(try prompt(known, .auto) == "(user)Q\n(assistant)")
    #expect(try prompt(known, .never) == "\n\nHuman: Q\n\nAssistant:")
    for mode in ChatWrapping.Mode.allCases where mode != .never {
      #expect(try prompt(conversation, mode) == "(user)Q\n(assistant)")
    }
  }

  @Test func wrappedAnswersEndAsTurnsDo() throws {
    let encoder = ExampleEncoder(text: Toy(template: .chat), chat: ChatWrapping(.always))
    let responses = try encoder.encode(plain, index: 0).responses
    #expect(responses == [.bytes("x") + [Toy.end], .bytes("y") + [Toy.end]])
    // The same as rows of messages from the start.
    let turns = record(
      .messages([user("Q")]),
      ["x", "y"].map { .messages([ChatMessage(role: "assistant", content: $0)]) })
    #expect(try encoder.encode(turns, index: 0) == encoder.encode(plain, index: 0))
  }

  @Test func plainTextForAModelWithATemplateIsNoted() throws {
    func notes(_ record: PreferenceRecord, _ mode: ChatWrapping.Mode, _ template: Toy.Template) throws -> [DataNote] {
      try ExampleEncoder(text: Toy(template: template), chat: ChatWrapping(mode)).encode(record, index: 0).notes
    }
    #expect(try notes(plain, .auto, .chat) == [.plainText])
    #expect(try notes(plain, .auto, .none) == [])
    #expect(try notes(plain, .never, .chat) == [])
    #expect(try notes(plain, .always, .chat) == [])
    #expect(try notes(conversation, .auto, .chat) == [])
  }

  // MARK: system

  @Test func theSystemTurnGoesFirst() throws {
    #expect(try prompt(conversation, .auto, system: "S") == "(system)S\n(user)Q\n(assistant)")
    #expect(try prompt(plain, .always, system: "S") == "(system)S\n(user)Q\n(assistant)")
    #expect(try prompt(transcript, .always, system: "S") == "(system)S\n(user)Q\n(assistant)")
    let own = record(.messages([ChatMessage(role: "system", content: "own"), user("Q")]), [.text("x"), .text("y")])
    #expect(try prompt(own, .auto, system: "S") == "(system)own\n(user)Q\n(assistant)")
    let answers: [TextOrMessages] = ["x", "y"].map { .messages([ChatMessage(role: "assistant", content: $0)]) }
    #expect(try prompt(record(.text("Q"), answers), .auto, system: "S") == "(system)S\n(user)Q\n(assistant)")
  }

  // MARK: contradictions

  @Test func rowsThatContradictTheRunFile() {
    func conflict(_ record: PreferenceRecord, _ chat: ChatWrapping) -> String? {
      chat.conflict(with: record, hasTemplate: true)
    }
    #expect(conflict(conversation, ChatWrapping(.never))?.hasPrefix("has messages, which only a chat template") == true)
    #expect(conflict(plain, ChatWrapping(.never)) == nil)
    #expect(
      conflict(plain, ChatWrapping(system: "S"))?.hasPrefix("is plain text, which has no place for data.sys") == true)
    #expect(conflict(plain, ChatWrapping(.always, system: "S")) == nil)
    #expect(conflict(conversation, ChatWrapping(system: "S")) == nil)
    #expect(conflict(plain, ChatWrapping()) == nil && conflict(conversation, ChatWrapping()) == nil)
  }

  @Test func aContradictionEndsTheReadingWithItsLine() throws {
    let row = #"{"prompt": "Q", "responses": ["a", "b"], "rewards": [1, 0]}"#
    try DataScratch.with { scratch in
      let path = try scratch.write("rows.jsonl", row + "\n")
      let encoder = DatasetEncoder(
        encoder: ExampleEncoder(text: Toy(template: .chat), chat: ChatWrapping(system: "S")), threads: 1)
      do {
        _ = try encoder.encode(DatasetEncoder.Source(paths: [path]), cache: nil, check: { _ in })
        Issue.record("read")
      } catch let error as DataError {
        #expect(error.description.contains("rows.jsonl: line 1: is plain text, which has no place for data.system"))
      }
    }
  }

  /// Says nothing of a system turn, or refuses it, as templates of models do.
  private struct Deaf: TextEncoding {
    var refuses: Bool
    var hasChatTemplate: Bool { true }
    var bosTokenID: Int32? { nil }
    var eosTokenID: Int32? { nil }

    func encode(_ text: String, addSpecialTokens: Bool) -> [Int32] { [] }
    func decode(_ ids: [Int32], skipSpecialTokens: Bool) -> String { "" }
    func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws -> String {
      if refuses { throw Toy.Refusal(description: "System role not supported") }
      return messages.filter { $0.role == "user" }.map(\.content).joined()
    }
  }

  @Test func templatesThatCannotDoIt() {
    #expect(ChatWrapping(.always).problem(of: Toy()) == "has no chat template, which data.chat: always needs")
    #expect(ChatWrapping(system: "S").problem(of: Toy()) == "has no chat template, which data.system needs")
    #expect(ChatWrapping().problem(of: Toy()) == nil && ChatWrapping(.never).problem(of: Toy()) == nil)
    #expect(ChatWrapping(.always, system: "S").problem(of: Toy(template: .chat)) == nil)
    #expect(
      ChatWrapping(system: "S").problem(of: Deaf(refuses: true))
        == "its chat template refuses a system turn (System role not supported); take data.system out")
    #expect(
      ChatWrapping(system: "S").problem(of: Deaf(refuses: false))
        == "its chat template leaves a system turn out; take data.system out")
  }
}
