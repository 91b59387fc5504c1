import ArgumentParser
import Foundation
import JSON
import Model
import PreferenceData
import Text
import Training

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Log-probs of responses: one JSON line out for each line in.",
    discussion: """
      Lines are {"prompt": text or messages, "response": text or messages} or {"prompt_ids": [int], "response_ids": \
      [int]}. With messages the chat template is applied and the response ends with its end-of-turn token; texts are \
      joined as they stand and EOS is appended; ids are used untouched.
      """)

  @OptionGroup var options: ModelOptions

  @Flag(help: "Add the log-prob of every token.")
  var tokens = false

  @Argument(help: "A file, .gz, .zst or neither, or - for standard input.")
  var file: String

  func run() throws {
    let loaded = try options.load()
    let pairs = TextPairEncoder(text: loaded.text)
    let input = LineInput(path: file)
    let output = StandardOutput.shared
    // Rows are scored a few at a time, so that matrix products have enough rows, and printed in order.
    var waiting: [PromptGroup] = []
    func flush() throws {
      guard !waiting.isEmpty else { return }
      for group in try loaded.model.score(waiting, adapter: loaded.adapter) {
        try loaded.finite { if !group[0].allSatisfy(\.isFinite) { throw ModelError.notFinite } }
        try emit(group[0], to: output)
      }
      waiting.removeAll()
    }
    do {
      try input.forEach { row in
        let (prompt, response) = try Self.encode(row, pairs)
        try loaded.check(prompt: prompt, response: response)
        waiting.append(PromptGroup(prompt: prompt, responses: [response]))
        if waiting.count == 16 { try flush() }
      }
    } catch let error as OutputError {
      // Lines that were written are not written again.
      throw error
    } catch {
      // What came before a bad line is not lost.
      try flush()
      throw error
    }
    try flush()
  }

  private static func encode(_ row: JSONValue, _ pairs: TextPairEncoder) throws -> (prompt: [Int32], response: [Int32])
  {
    if let prompt = row.object?["prompt_ids"], let response = row.object?["response_ids"] {
      return (try prompt.tokenIDs(), try response.tokenIDs())
    }
    let encoded = try pairs.encode(
      prompt: try row.textOrMessages("prompt"), response: try row.textOrMessages("response"))
    return (encoded.prompt, encoded.responses[0])
  }

  private func emit(_ logProbs: [Float], to output: StandardOutput) throws {
    var json = JSONLine()
    json.add("logprob", logProbs.reduce(0) { $0 + Double($1) })
    json.add("tokens", logProbs.count)
    if tokens { json.add("token_logprobs", logProbs.map(Double.init)) }
    try output.write(json.text)
  }
}
