import Foundation
import Testing

/// A model, data and run files whose names and contents are hostile, and the commands that meet them.
struct HostileProject {
  /// Colours by ESC and by C1, a bell, backspaces, DEL, and every kind of direction control.
  static let hostile = "\u{1B}[31m\u{9B}2J\u{7}\u{8}\u{7F}\u{202E}\u{2066}\u{200F}\u{61C}"

  /// The first scalar that a terminal would not show as text, by its number.
  private static func steering(_ text: String) -> String? {
    let plain = text.replacing("\r\n", with: "\n")
    let found = plain.unicodeScalars.first { scalar in
      switch scalar.value {
      case 0x09, 0x0A: false
      case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
      default: false
      }
    }
    return found.map { "U+" + String($0.value, radix: 16, uppercase: true) }
  }

  /// A JSON string literal in ASCII, which YAML reads too.
  static func quoted(_ text: String) -> String {
    let body = text.utf16.map { unit in
      (0x20...0x7E).contains(unit) && unit != 0x22 && unit != 0x5C
        ? String(UnicodeScalar(UInt8(unit))) : "\\u" + String(format: "%04x", Int(unit))
    }
    return "\"" + body.joined() + "\""
  }

  /// The demo's model with a token of hostile text in place of its last one.
  private static func writeModel(to path: String) throws {
    try FileManager.default.copyItem(atPath: Project.Demo.model, toPath: path)
    let file = URL(fileURLWithPath: path + "/tokenizer.json")
    var tokenizer = try #require(
      try JSONSerialization.jsonObject(with: try Data(contentsOf: file)) as? [String: Any])
    var model = try #require(tokenizer["model"] as? [String: Any])
    var vocabulary = try #require(model["vocab"] as? [String: Int])
    let last = try #require(vocabulary.max { $0.value < $1.value })
    vocabulary[last.key] = nil
    model["vocab"] = vocabulary
    model["merges"] = try #require(model["merges"] as? [Any]).filter { merge in
      let pair = (merge as? [String]) ?? (merge as? String)?.components(separatedBy: " ") ?? []
      return pair.joined() != last.key
    }
    tokenizer["model"] = model
    tokenizer["added_tokens"] =
      try #require(tokenizer["added_tokens"] as? [[String: Any]]) + [
        [
          "id": last.value, "content": "<\(hostile)>", "single_word": false, "lstrip": false, "rstrip": false,
          "normalized": false, "special": false,
        ]
      ]
    try JSONSerialization.data(withJSONObject: tokenizer).write(to: file)
  }

  let folder: TemporaryFolder
  let model = "model\(Self.hostile)"
  let data = "rows\(Self.hostile).jsonl"
  let run = "RUN\(Self.hostile).yaml"
  let session = "session\(Self.hostile)"
  let branch = "branch\(Self.hostile)"
  let absent = "absent\(Self.hostile)"
  let text = "How <\(Self.hostile)> do I \(Self.hostile) clean?"
  /// A line of input that asks and answers.
  var ask: String { "{\"prompt\": \(Self.quoted(text)), \"response\": \(Self.quoted(text))}\n" }

  init() throws {
    folder = try TemporaryFolder()
    try Self.writeModel(to: folder.path(model))
    try folder.write(
      data,
      (0..<3).map { number in
        "{\"prompt\": \(Self.quoted("\(number) \(text)")), \"responses\": [\(Self.quoted("Soak \(text)")), "
          + "\(Self.quoted("No \(Self.hostile)"))], \"rewards\": [2, 0]}\n"
      }.joined())
    try folder.write(
      run,
      """
      model: \(Self.quoted(model))
      data: {train: \(Self.quoted(data)), eval: \(Self.quoted(data))}
      training: {max_steps: 2, prompts_per_step: 1, precision: fp32, eval_steps: 1, save_steps: 1}
      session: \(Self.quoted(session))
      """)
    try folder.write("odd\(Self.hostile).jsonl", "{\(Self.quoted(Self.hostile)): 1}\n")
    try folder.write("broken\(Self.hostile).yaml", "model: m\n\(Self.quoted(Self.hostile)): 1\n")
    try folder.write(
      "ODD.yaml", "model: \(Self.quoted(model))\ndata: {train: \(Self.quoted("odd\(Self.hostile).jsonl"))}\n")
    try folder.write("theme\(Self.hostile).yaml", "name: [\(Self.quoted(Self.hostile))]\n")
  }

  /// Runs a command: it ends with one of `codes`, and neither of its outputs steers the terminal.
  @discardableResult
  func expect(
    _ arguments: [String], _ codes: Set<Int32>, input: String = "", environment: [String: String] = [:],
    _ location: SourceLocation = #_sourceLocation
  ) async throws -> Program.Result {
    let result = try await Program.run(
      arguments, input: input, environment: environment, directory: folder.path)
    let shown =
      "\(arguments.map(Self.quoted)) \(Self.quoted(String(result.output.suffix(300)) + String(result.errors.suffix(500))))"
    #expect(codes.contains { result.ending == .exited($0) }, "\(result.ending) \(shown)", sourceLocation: location)
    #expect(Self.steering(result.output) == nil, "output: \(shown)", sourceLocation: location)
    #expect(Self.steering(result.errors) == nil, "errors: \(shown)", sourceLocation: location)
    return result
  }
}
