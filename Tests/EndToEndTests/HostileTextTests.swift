import Foundation
import Testing

extension EndToEnd {
  /// A terminal obeys what it is sent: text of models, data, paths and arguments must not reach it as it is.
  @Suite("text that would steer a terminal")
  struct HostileText {
    /// Colours by ESC and by C1, a bell, backspaces, DEL, and every kind of direction control.
    private static let hostile = "\u{1B}[31m\u{9B}2J\u{7}\u{8}\u{7F}\u{202E}\u{2066}\u{200F}\u{61C}"

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
    private static func quoted(_ text: String) -> String {
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

    @Test("no command passes it on, and JSON keeps its value")
    func everyCommand() async throws {
      let folder = try TemporaryFolder()
      let (model, data, run, session) = (
        "model\(Self.hostile)", "rows\(Self.hostile).jsonl", "RUN\(Self.hostile).yaml", "session\(Self.hostile)"
      )
      let branch = "branch\(Self.hostile)"
      try Self.writeModel(to: folder.path(model))
      let text = "How <\(Self.hostile)> do I \(Self.hostile) clean?"
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
      let ask = "{\"prompt\": \(Self.quoted(text)), \"response\": \(Self.quoted(text))}\n"

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

      // A token is shown for what it is.
      let shown = try await expect(["check", run], [0]).output
      for piece in ["[␛]", "[<␛[31m\u{FFFD}2J␇␈␡"] { #expect(shown.contains(piece), "\(shown)") }
      let trained = try await expect(["train", run, "--headless"], [0])
      #expect(trained.objects.count == trained.lines.count && trained.lines.count > 4)
      #expect(trained.objects.first?.text("session")?.hasSuffix(session) == true, "the path is told as it is")
      #expect(trained.objects.contains { $0.event == "generation" })
      // The session is taken now.
      try await expect(["check", run], [2])
      let lines = try await expect(["sessions", "lines", session], [0])
      #expect(lines.objects.count == lines.lines.count)
      for more in [["list", "."], ["list", "absent\(Self.hostile)"]] { try await expect(["sessions"] + more, [0, 2]) }
      try await expect(["sessions", "show", session], [0])
      try await expect(["sessions", "export", session, "--csv"], [0])
      try await expect(["sessions", "export", session, "--tensorboard", "--to", "board\(Self.hostile)"], [0])
      try await expect(["sessions", "compare", session, session], [0])
      try await expect(["sessions", "compare", session, session, "--csv"], [0])
      try await expect(["replay", session, "--frame", "2"], [0])
      try await expect(["attach", session], [2])
      try await expect(["resume", session, "--headless"], [2])
      try await expect(["branch", session, "--step", "1", "--session", branch, "--headless"], [0])
      try await expect(["sessions", "show", branch], [0])
      try await expect(["export", session, "--to", "adapter\(Self.hostile)"], [0])
      try await expect(["export", session, "--to", "merged\(Self.hostile)", "--merge"], [0])

      try await expect(["score", "--model", model, "--adapter", "adapter\(Self.hostile)", "-"], [0], input: ask)
      let answered = try await expect(["generate", "--model", model, "--max-new-tokens", "4", "-"], [0], input: ask)
      #expect(answered.objects.first?.text("prompt") == text)
      let rendered = try await expect(
        ["tokenize", "--model", model, "--chat", "-"], [0],
        input: "[{\"role\": \"user\", \"content\": \(Self.quoted(text))}]\n")
      #expect(rendered.objects.first?.text("text")?.contains(text) == true)
      let ids = try #require(rendered.objects.first?.numbers("ids")).map { Int($0) }
      #expect(ids.contains(1_967), "the hostile token is one token")
      let decoded = try await expect(["tokenize", "--model", model, "--decode", "-"], [0], input: "\(ids)\n")
      #expect(decoded.objects.first?.text("text")?.contains(text) == true)
      try await expect(["doctor"], [0], environment: ["TERM": Self.hostile, "LANG": Self.hostile])

      // Everything that is wrong is named in words.
      try await expect(["train", "ODD.yaml", "--headless"], [3])
      try await expect(["check", "ODD.yaml"], [3])
      try await expect(["check", "broken\(Self.hostile).yaml"], [2])
      try await expect(["check", run, "--set", "\(Self.hostile)=1"], [2])
      try await expect(["check", run, "--set", "preference.beta=\(Self.hostile)"], [2])
      try await expect(["demo", "--headless", "--set", Self.hostile], [2])
      try await expect(["demo", "--headless", "--control", Self.hostile], [2])
      try await expect(["train", run, "--theme", Self.hostile], [2])
      try await expect(["train", run, "--theme", "theme\(Self.hostile).yaml"], [2])
      try await expect([Self.hostile], [2])
      try await expect(["--\(Self.hostile)"], [2])
      try await expect(["generate", "--model", model, "--n", Self.hostile, "-"], [2])
      try await expect(["replay", session, "--frame", "1", "--size", Self.hostile], [2])
      try await expect(["--generate-completion-script", Self.hostile], [2])
      let absent = "absent\(Self.hostile)"
      for command in ["train", "check", "attach", "replay", "resume", "branch"] {
        try await expect([command, absent], [2])
      }
      try await expect(["export", absent, "--to", Self.hostile], [2])
      for command in ["show", "lines", "export", "rm"] {
        try await expect(["sessions", command, absent] + (command == "export" ? ["--csv"] : []), [0, 2])
      }
      for command in ["score", "generate", "tokenize"] {
        try await expect([command, "--model", absent, "-"], [4])
        try await expect([command, "--model", model, absent], [3])
        try await expect([command, "--model", model, "-"], [3], input: "{\(Self.quoted(Self.hostile)): 1}\n")
      }
      try await expect(["bench", "--model", absent], [4])
      try await expect(["sessions", "rm", session], [0])
    }
  }
}
