import Foundation
import JSON
import TestSupport
import Text
import Testing

@testable import PreferenceData

/// What `score`, `generate`, `tokenize` and every stage over rows read.
struct LineInputTests {
  private func lines<Value>(_ text: String, _ read: (JSONValue) throws -> Value) throws -> [Value] {
    let folder = try TemporaryFolder()
    let path = folder.path + "/rows.jsonl"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    var found: [Value] = []
    try LineInput(path: path).forEach { row, _ in found.append(try read(row)) }
    return found
  }

  private func complaint(_ line: String, _ read: (JSONValue) throws -> Void) -> String? {
    do {
      _ = try lines("\n" + line + "\n") { try read($0) }
      return nil
    } catch {
      return "\(error)".components(separatedBy: "rows.jsonl: ").last
    }
  }

  /// There is one reader of messages: what a format of preference data accepts, a line of input does too.
  @Test(arguments: [
    #"[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]"#,
    #"[{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Ho"}]"#,
    #"[{"from": "Human", "value": "Hi"}, {"from": "chatgpt", "value": "Ho"}]"#,
  ])
  func messagesAreReadAsTrainingReadsThem(_ messages: String) throws {
    let expected = [ChatMessage(role: "user", content: "Hi"), ChatMessage(role: "assistant", content: "Ho")]
    #expect(try lines(messages + "\n") { try $0.conversation() } == [expected])
    #expect(try lines(#"{"prompt": \#(messages)}"# + "\n") { try $0.textOrMessages("prompt") } == [.messages(expected)])
    // The same value through the reader of a data row.
    let row = try JSONValue.row(Array(#"{"prompt": \#(messages)}"#.utf8))
    #expect(try row.object?.textOrMessages("prompt") == .messages(expected))
  }

  @Test func badLinesAreNamedByTheirPlace() {
    #expect(complaint("7") { _ = try $0.textOrMessages("prompt") } == "line 2: not a JSON object")
    #expect(complaint("{}") { _ = try $0.textOrMessages("prompt") } == "line 2: \"prompt\" is missing")
    #expect(
      complaint(#"{"prompt": 5}"#) { _ = try $0.textOrMessages("prompt") }
        == "line 2: \"prompt\" is neither a text nor a list of messages")
    #expect(
      complaint(#"[{"role": "user"}]"#) { _ = try $0.conversation() }
        == #"line 2: a message needs the texts "role" and "content" (or "from" and "value")"#)
    #expect(complaint("[1, -1]") { _ = try $0.tokenIDs() } == "line 2: a token id is not a whole number from 0")
    #expect(complaint("not json") { _ in } == "line 2: not valid JSON")
  }

  @Test func theShareGrowsToTheWhole() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/rows.jsonl"
    try Data((0..<2000).map { "[\($0), \($0), \($0)]\n" }.joined().utf8).write(to: URL(fileURLWithPath: path))
    var shares: [Double] = []
    try LineInput(path: path).forEach { _, share in shares.append(share ?? 0) }
    #expect(shares.count == 2000 && shares == shares.sorted() && shares.last == 1)
  }
}
