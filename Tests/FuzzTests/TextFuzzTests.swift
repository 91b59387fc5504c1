import Foundation
import Testing

@testable import Text

/// tokenizer.json and chat templates.
@Suite struct TextFuzzTests {
  private static let texts = ["", "the end", "a\u{301}  <s>x</s> 12 漢字\n\n", String(repeating: "ab ▁", count: 50)]

  @Test(arguments: ["llama2", "llama3", "other"]) func tokenizer(name: String) throws {
    let seed = try FuzzCampaign.file("Tests/Fixtures/tokenizer/\(name).tokenizer.json")
    let words = [
      "\"type\": ", "\"Sequence\"", "\"ByteLevel\"", "\"Metaspace\"", "\"Split\"", "\"Regex\": ", "\"Prepend\"",
      "\"Replace\"",
      "\"pattern\": ", "\"String\": ", "\"content\": ", "\"behavior\": ", "\"Isolated\"", "\"TemplateProcessing\"",
      "\"single\": ", "\"vocab\": ", "\"merges\": ", "\"added_tokens\": ", "\"normalizer\": ", "\"pre_tokenizer\": ",
      "\"decoder\": ", "\"Strip\"", "\"Fuse\"", "(a+)+$", "[[", "\\\\p{L}", "\"id\": ",
    ]
    // A third of the hundred thousand each.
    try FuzzCampaign.run("tokenizer.json-\(name)", seeds: [seed], words: words, inputs: 120, soak: 34_000) { bytes in
      let tokenizer = try Tokenizer(json: Data(bytes), file: "tokenizer.json")
      for text in Self.texts {
        _ = tokenizer.decode(tokenizer.encode(text, addSpecialTokens: true), skipSpecialTokens: true)
      }
      _ = tokenizer.decode([0, -1, .max, .min, 5], skipSpecialTokens: false)
    }
  }

  @Test func chatTemplate() throws {
    let names = ["chatml", "gemma3", "llama2", "llama3", "mistral-v0.3", "qwen3", "smollm2", "zephyr", "masked"]
    let seeds = try names.map { try FuzzCampaign.file("Tests/Fixtures/template/templates/\($0).jinja") }
    let words = [
      "{% for m in messages %}", "{% endfor %}", "{% if ", "{% endif %}", "{% set x = ", "{% macro f(a) %}",
      "{% endmacro %}",
      "{{ f(f) }}", "namespace(", "messages[", "|join", "|tojson", "|length", "|list", ".split(", ".strip()",
      "range(10**9)",
      "* 10**9", "'a' * 1000000", "~ x", "loop.index", " is defined", "[::-1]", "[1:]", "raise_exception(",
      "strftime_now(",
      "{% generation %}", "{#", "#}", "{%- ", " -%}", "not ", " in ", "**", "//", "%",
    ]
    let messages = [
      ChatMessage(role: "system", content: "Be\tbrief."), ChatMessage(role: "user", content: "é\u{301} 漢 <s>"),
      ChatMessage(role: "assistant", content: "<think>a</think>b"), ChatMessage(role: "user", content: ""),
    ]
    try FuzzCampaign.run("chat template", seeds: seeds, words: words) { bytes in
      let template = try ChatTemplate(source: String(decoding: bytes, as: UTF8.self), name: "chat_template.jinja")
      _ = try template.render(messages: messages, addGenerationPrompt: true, bosToken: "<s>", eosToken: "</s>")
    }
  }
}
