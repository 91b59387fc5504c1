import JSON
import Testing

@testable import Text

/// Each component on its own gives what HF tokenizers gives.
@Suite struct TokenizerComponentTests {
  private let components: JSONObject
  private let file: TokenizerFile

  init() throws {
    components = try TokenizerFixtures.components()
    file = try TokenizerFile(json: TokenizerFixtures.data("gpt2.tokenizer.json"), name: "tokenizer.json")
  }

  private func strings(_ value: JSONValue?) -> [String] { (value?.array ?? []).map { $0.string ?? "" } }

  @Test func preTokenizers() throws {
    let texts = strings(components["splits"])
    let cases = components["preTokenizers"]?.array ?? []
    #expect(texts.count >= 18)
    #expect(cases.count >= 50)
    for item in cases {
      let config = item.object?["config"]
      let steps = try PreTokenizer.steps(config, file: file)
      for (text, pieces) in zip(texts, item.object?["pieces"]?.array ?? []) {
        var bytes = Array(text.utf8)
        var workspace = EncodingWorkspace()
        workspace.pieces = [Piece(0..<bytes.count, isAtStart: true)]
        for step in steps { step.apply(&bytes, &workspace, keepsRawBytes: false) }
        let got = workspace.pieces.map { Array(bytes[$0.range]) }
        #expect(
          got == strings(pieces).map { Array($0.utf8) }, "\(text.debugDescription), \(String(describing: config))")
      }
    }
  }

  @Test func normalizers() throws {
    let texts = strings(components["normals"])
    let cases = components["normalizers"]?.array ?? []
    #expect(texts.count >= 90)
    #expect(cases.count >= 20)
    for item in cases {
      let config = item.object?["config"]
      let steps = try Normalizer.steps(config, file: file)
      for (text, expected) in zip(texts, strings(item.object?["texts"])) {
        let got = steps.reduce(Array(text.utf8)) { $1.apply($0) }
        #expect(got == Array(expected.utf8), "\(text.debugDescription), \(String(describing: config))")
      }
    }
  }

  @Test func decoders() throws {
    let lists = (components["tokens"]?.array ?? []).map(strings)
    let cases = components["decoders"]?.array ?? []
    #expect(lists.count >= 14)
    #expect(cases.count >= 13)
    for item in cases {
      let config = item.object?["config"]
      let steps = try Decoder.steps(config, file: file)
      for (tokens, expected) in zip(lists, item.object?["texts"]?.array ?? []) {
        guard let expected = expected.string else { continue }  // HF tokenizers itself fails there.
        let got = steps.reduce(tokens.map { Array($0.utf8) }) { $1.apply($0) }
        #expect(Array(got.joined()) == Array(expected.utf8), "\(tokens), \(String(describing: config))")
      }
    }
  }
}
