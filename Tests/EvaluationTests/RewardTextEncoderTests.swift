import Model
import PreferenceData
import Testing
import Text

@testable import Evaluation

@Suite struct RewardTextEncoderTests {
  /// A token a byte; a turn is rendered as "R:content\n", R being the role's first letter.
  private struct Letters: TextEncoding {
    var hasChatTemplate = true
    var bosTokenID: Int32? { nil }
    var eosTokenID: Int32? { nil }

    func encode(_ text: String, addSpecialTokens: Bool) -> [Int32] {
      (addSpecialTokens ? [1] : []) + text.utf8.map { Int32($0) }
    }

    func decode(_ ids: [Int32], skipSpecialTokens: Bool) -> String {
      String(decoding: ids.map { UInt8($0) }, as: UTF8.self)
    }

    func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws -> String {
      messages.map { "\($0.role.prefix(1)):\($0.content)\n" }.joined() + (addGenerationPrompt ? "a:" : "")
    }
  }

  private func ids(_ text: String) -> [Int32] { text.utf8.map { Int32($0) } }

  private func wholes(_ encoded: RewardTextEncoder.Encoded) -> [[Int32]] {
    encoded.places.map { encoded.groups[$0.group].prompt + encoded.groups[$0.group].responses[$0.response] }
  }

  /// The last token is the template's last, here its line end; what responses have in common is computed once.
  @Test func theWholeRenderedTextIsGraded() throws {
    let encoded = try RewardTextEncoder(text: Letters()).encode(
      prompt: .text("hi"),
      responses: [.text("yes"), .text("yes!"), .messages([.init(role: "assistant", content: "no")])])
    #expect(wholes(encoded) == ["u:hi\na:yes\n", "u:hi\na:yes!\n", "u:hi\na:no\n"].map(ids))
    #expect(encoded.groups.count == 1 && encoded.groups[0].prompt == ids("u:hi\na:"))
  }

  @Test func plainTextStandsAsItIs() throws {
    let encoded = try RewardTextEncoder(text: Letters(hasChatTemplate: false)).encode(
      prompt: .text("ab"), responses: [.text("c"), .text("")])
    #expect(wholes(encoded) == [[1] + ids("abc"), [1] + ids("ab")])
  }

  /// A text that another one begins with is graded at its own end.
  @Test func equalTextsAndNothingInCommon() throws {
    let bare = RewardTextEncoder(text: Letters())
    let same = try bare.encode(prompt: .text("q"), responses: [.text("a"), .text("a")])
    #expect(wholes(same) == [ids("u:q\na:a\n"), ids("u:q\na:a\n")])
    #expect(RewardTextEncoder.commonPrefix([[1, 2], [3]]) == 0)
    #expect(RewardTextEncoder.commonPrefix([[1, 2], [1, 2, 3], [1, 2]]) == 2)
    let apart = try RewardTextEncoder(text: Letters()).encode(
      prompt: .messages([]),
      responses: [.messages([.init(role: "x", content: "1")]), .messages([.init(role: "y", content: "2")])])
    #expect(wholes(apart) == [ids("x:1\n"), ids("y:2\n")])
    #expect(apart.groups.count == 2)
  }

  /// The prompt ends with the first token of the last header of an assistant's turn.
  @Test func aGateReadsThePromptsEnd() throws {
    let encoder = RewardTextEncoder(text: Letters(), gate: ids("\na:"))
    let turns: [ChatMessage] = [.init(role: "user", content: "q"), .init(role: "assistant", content: "r")]
    let encoded = try encoder.encode(
      prompt: .messages(turns + [.init(role: "user", content: "s")]), responses: [.text("x"), .text("yz")])
    #expect(encoded.groups.map(\.prompt) == [ids("u:q\na:r\nu:s\n")])
    #expect(wholes(encoded) == [ids("u:q\na:r\nu:s\na:x\n"), ids("u:q\na:r\nu:s\na:yz\n")])
    #expect(throws: RewardTextError.noGateToken) {
      try encoder.encode(prompt: .messages([]), responses: [.messages([.init(role: "user", content: "q")])])
    }
    // Responses of several turns end their prompts in different places.
    let several = try encoder.encode(
      prompt: .text("q"), responses: [.text("x"), .messages(turns + [.init(role: "user", content: "s"), turns[1]])])
    #expect(several.groups.map(\.prompt) == [ids("u:q\n"), ids("u:q\nu:q\na:r\nu:s\n")])
  }

  @Test func anEmptyTextIsRefused() {
    #expect(throws: RewardTextError.empty) {
      try RewardTextEncoder(text: Letters()).encode(prompt: .messages([]), responses: [.messages([])])
    }
  }
}
