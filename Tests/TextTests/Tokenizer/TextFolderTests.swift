import Foundation
import Testing

@testable import Text

@Suite struct TextFolderTests {
  /// Runs `body` on a folder with the GPT-2-like tokenizer and these files.
  private func withFolder(
    _ files: [String: String], tokenizer: String? = "gpt2", _ body: (URL) throws -> Void
  ) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("text-folder-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    if let tokenizer {
      try TokenizerFixtures.data("\(tokenizer).tokenizer.json").write(
        to: folder.appendingPathComponent("tokenizer.json"))
    }
    for (name, content) in files { try Data(content.utf8).write(to: folder.appendingPathComponent(name)) }
    try body(folder)
  }

  private let hello = [ChatMessage(role: "user", content: "hello")]

  @Test func withNothingButTheTokenizer() throws {
    try withFolder([:]) { url in
      let folder = try TextFolder(path: url.path)
      #expect(folder.bosTokenID == nil)
      #expect(folder.eosTokenID == nil)
      #expect(!folder.hasChatTemplate)
      #expect(folder.decode(folder.encode("the end", addSpecialTokens: true), skipSpecialTokens: true) == "the end")
      #expect(throws: TokenizerError.noChatTemplate(folder: url.lastPathComponent)) {
        try folder.render(hello, addGenerationPrompt: true)
      }
    }
  }

  @Test func specialTokensAreStringsOrObjects() throws {
    let config =
      #"{"bos_token": {"__type": "AddedToken", "content": "<|im_start|>"}, "eos_token": "<|im_end|>", "pad_token": "[PAD]"}"#
    try withFolder(["tokenizer_config.json": config]) { url in
      let folder = try TextFolder(path: url.path)
      #expect(folder.bosToken == "<|im_start|>")
      #expect(folder.bosTokenID == 1)
      #expect(folder.eosTokenID == 2)
    }
    try withFolder(["special_tokens_map.json": #"{"eos_token": {"content": "<|endoftext|>"}}"#]) { url in
      let folder = try TextFolder(path: url.path)
      #expect(folder.eosTokenID == 0)
    }
    // The configuration goes before the older file, even where it says null.
    try withFolder([
      "tokenizer_config.json": #"{"bos_token": null, "eos_token": "<|im_end|>"}"#,
      "special_tokens_map.json": #"{"bos_token": "<|im_start|>", "eos_token": "<|endoftext|>"}"#,
    ]) { url in
      let folder = try TextFolder(path: url.path)
      #expect(folder.bosToken == nil)
      #expect(folder.eosTokenID == 2)
    }
  }

  /// A special token that the vocabulary has but the list of added tokens lacks is cut out of texts all the same.
  @Test func aNamedTokenOfTheVocabularyIsSpecial() throws {
    try withFolder(["tokenizer_config.json": #"{"eos_token": "house"}"#]) { url in
      let folder = try TextFolder(path: url.path)
      let id = try #require(folder.eosTokenID)
      #expect(folder.tokenizer.isSpecial(id))
      #expect(folder.encode("xhousex", addSpecialTokens: false).contains(id))
      #expect(folder.decode([id], skipSpecialTokens: true) == "")
    }
  }

  /// As transformers 5.23 loads such a folder: AutoTokenizer.from_pretrained(…)("").input_ids is [1] with and without.
  @Test func thePostProcessorIsThatOfTheFile() throws {
    for flags in ["", #", "add_bos_token": false"#, #", "add_eos_token": true"#] {
      let config = #"{"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"\#(flags)}"#
      try withFolder(["tokenizer_config.json": config], tokenizer: "llama3") { url in
        let folder = try TextFolder(path: url.path)
        #expect(folder.encode("", addSpecialTokens: true) == [1])
      }
    }
  }

  @Test func theTemplateComesFromItsFileFirst() throws {
    let config = #"{"eos_token": "<|im_end|>", "chat_template": "old {{ messages[0]['content'] }}"}"#
    try withFolder(["tokenizer_config.json": config]) { url in
      let folder = try TextFolder(path: url.path)
      #expect(folder.hasChatTemplate)
      #expect(try folder.render(hello, addGenerationPrompt: false) == "old hello")
    }
    let template = "{{ messages[0]['content'] + eos_token }}{% if add_generation_prompt %}>{% endif %}"
    try withFolder([
      "tokenizer_config.json": #"{"pad_token": "<pad>"}"#, "chat_template.jinja": "{{ pad_token }}|{{ unk_token }}|",
    ]) { url in
      let text = try TextFolder(path: url.path).render(hello, addGenerationPrompt: true)
      #expect(text == "<pad>||")
    }
    try withFolder(["tokenizer_config.json": config, "chat_template.jinja": template]) { url in
      let text = try TextFolder(path: url.path).render(hello, addGenerationPrompt: true)
      #expect(text == "hello<|im_end|>>")
    }
  }

  @Test func ofNamedTemplatesTheDefaultCounts() throws {
    let list = #"{"name": "tool_use", "template": "tools"}, {"name": "default", "template": "plain"}"#
    try withFolder(["tokenizer_config.json": #"{"chat_template": [\#(list)]}"#]) { url in
      let text = try TextFolder(path: url.path).render(hello, addGenerationPrompt: false)
      #expect(text == "plain")
    }
  }

  @Test func aBrokenTemplateIsAnErrorOnlyWhenUsed() throws {
    try withFolder(["chat_template.jinja": "{% if %}"]) { url in
      let folder = try TextFolder(path: url.path)
      #expect(folder.hasChatTemplate)
      #expect(throws: (any Error).self) { try folder.render(hello, addGenerationPrompt: false) }
    }
  }

  @Test func missingAndBrokenFilesAreNamed() throws {
    try withFolder([:], tokenizer: nil) { url in
      #expect(
        throws: TokenizerError.unreadable(file: "\(url.path)/tokenizer.json", reason: "there is no such file")
      ) { try TextFolder(path: url.path) }
    }
    try withFolder(["tokenizer_config.json": "[1]"]) { url in
      #expect(throws: TokenizerError.invalid(file: "tokenizer_config.json", problem: "is not an object")) {
        try TextFolder(path: url.path)
      }
    }
  }
}
