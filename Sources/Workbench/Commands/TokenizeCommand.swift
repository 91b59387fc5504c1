import ArgumentParser
import Foundation
import JSON
import PreferenceData
import Text

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Turn text into token ids, or ids into text, JSON lines in and out.",
    discussion: """
      Each input line is a JSON string or {"text": …}; with --chat a JSON list of messages; with --decode a JSON list \
      of ids. Only the tokenizer's files need to be in the folder.
      """)

  @Option(help: ArgumentHelp("A folder with tokenizer.json, or a GGUF file.", valueName: "dir"))
  var model: String

  @Flag(help: "Lines are lists of messages; the chat template is applied and shown as \"text\".")
  var chat = false

  @Flag(help: "With --chat: end with the start of the assistant's turn.")
  var generationPrompt = false

  @Flag(help: "Lines are lists of ids; the text is shown.")
  var decode = false

  @Flag(help: "Leave out the special tokens that the tokenizer adds to a text.")
  var noSpecial = false

  @Argument(help: "A file: JSON lines, Parquet, Arrow or CSV; or - for standard input.")
  var file: String

  func validate() throws {
    if chat, decode { throw ValidationError("--chat and --decode exclude each other") }
    if generationPrompt, !chat { throw ValidationError("--generation-prompt goes with --chat") }
    if noSpecial, chat || decode { throw ValidationError("--no-special goes with plain text only") }
  }

  func run() throws {
    let text = try TextFolder(path: ModelImport.folder(model))
    let input = LineInput(path: file)
    let output = StandardOutput.shared
    func emit(_ ids: [Int32], text: String? = nil) throws {
      var json = JSONLine()
      json.add("ids", ids.map(Int.init))
      if let text { json.add("text", text) }
      try output.write(json.text)
    }
    try input.forEach { row, _ in
      if decode {
        var json = JSONLine()
        json.add("text", text.decode(try row.tokenIDs(), skipSpecialTokens: false))
        try output.write(json.text)
      } else if chat {
        let rendered = try text.render(try row.conversation(), addGenerationPrompt: generationPrompt)
        try emit(text.encode(rendered, addSpecialTokens: false), text: rendered)
      } else {
        guard let plain = row.string ?? row.object?["text"]?.string else {
          throw LineInput.Problem("neither a JSON string nor an object with the text \"text\"")
        }
        try emit(text.encode(plain, addSpecialTokens: !noSpecial))
      }
    }
  }
}
