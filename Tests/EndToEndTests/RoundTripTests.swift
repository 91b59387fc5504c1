import Foundation
import Testing

extension EndToEnd {
  @Suite("commands that feed one another")
  struct RoundTrips {
    private func json(_ value: Any) throws -> String {
      String(decoding: try JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed]), as: UTF8.self)
    }

    @Test("tokenize and back gives the text")
    func tokens() async throws {
      let texts = [
        "How do I clean a burnt pan?", "two\nlines and\ta tab", "Grüße, 日本 👍🏽 e\u{301}", "", " leading and trailing ",
      ]
      let input = try texts.map { try json($0) }.joined(separator: "\n") + "\n"
      let encoded = try await Program.run(
        ["tokenize", "--model", Project.Demo.model, "--no-special", "-"], input: input)
      #expect(encoded.ending == .exited(0), "\(encoded.errors)")
      #expect(encoded.objects.count == texts.count)
      let ids = encoded.objects.compactMap { $0.numbers("ids")?.map { Int($0) } }
      let back = try await Program.run(
        ["tokenize", "--model", Project.Demo.model, "--decode", "-"],
        input: ids.map { "\($0)" }.joined(separator: "\n") + "\n")
      #expect(back.objects.map { $0.text("text") } == texts)
    }

    @Test("--chat shows the text that its ids stand for")
    func chat() async throws {
      let messages = [["role": "user", "content": "How do I clean a pan?"]]
      let result = try await Program.run(
        ["tokenize", "--model", Project.Demo.model, "--chat", "--generation-prompt", "-"],
        input: try json(messages) + "\n")
      #expect(result.ending == .exited(0), "\(result.errors)")
      let object = try #require(result.objects.first)
      #expect(object.keys == ["ids", "text"])
      let ids = try #require(object.numbers("ids")).map { Int($0) }
      let back = try await Program.run(
        ["tokenize", "--model", Project.Demo.model, "--decode", "-"], input: "\(ids)\n")
      #expect(back.objects.first?.text("text") == object.text("text"))
      #expect(object.text("text")?.contains("How do I clean a pan?") == true)
    }

    @Test("score agrees with itself by text and by ids, and token by token with the sum")
    func score() async throws {
      let prompt = "How do I clean a pan?"
      let text = #"{"prompt": "\#(prompt)", "response": " Soak it in warm water."}"#
      let byText = try await Program.run(
        ["score", "--model", Project.Demo.model, "--precision", "fp32", "--tokens", "-"], input: text + "\n")
      #expect(byText.ending == .exited(0), "\(byText.errors)")
      let first = try #require(byText.objects.first)
      #expect(first.keys == ["logprob", "tokens", "token_logprobs"])
      let parts = try #require(first.numbers("token_logprobs"))
      #expect(parts.count == first.integer("tokens"))
      #expect(abs(parts.reduce(0, +) - (try #require(first.number("logprob")))) < 1e-4)
      #expect(parts.allSatisfy { $0 <= 0 })

      // The same in a batch of many, in order: row i has i more words.
      let many = (0..<40).map {
        #"{"prompt": "\#(prompt)", "response": "\#(String(repeating: " warm", count: $0 + 1))"}"#
      }
      let batch = try await Program.run(
        ["score", "--model", Project.Demo.model, "--precision", "fp32", "-"], input: many.joined(separator: "\n") + "\n"
      )
      let counts = batch.objects.compactMap { $0.integer("tokens") }
      #expect(counts.count == 40)
      #expect(counts == counts.sorted())
      let alone = try await Program.run(
        ["score", "--model", Project.Demo.model, "--precision", "fp32", "-"], input: many[17] + "\n")
      let together = try #require(batch.objects.dropFirst(17).first?.number("logprob"))
      #expect(abs(together - (try #require(alone.objects.first?.number("logprob")))) < 1e-4)
    }

    @Test("generate adds responses to the line, the same at any number of threads")
    func generate() async throws {
      let line = #"{"id": "a1", "prompt": [{"role": "user", "content": "How do I clean a pan?"}], "note": 1.5}"#
      func run(_ more: [String]) async throws -> Program.Result {
        try await Program.run(
          ["generate", "--model", Project.Demo.model, "--max-new-tokens", "24"] + more + ["-"],
          input: line + "\n" + line + "\n")
      }
      let sampled = try await run(["--n", "3", "--seed", "7", "--threads", "2"])
      #expect(sampled.ending == .exited(0), "\(sampled.errors)")
      #expect(sampled.objects.count == 2)
      for object in sampled.objects {
        #expect(object.keys == ["id", "prompt", "note", "responses"])
        #expect(object.line.hasPrefix(line.dropLast()), "what was given stays as it was written")
        #expect(object.texts("responses")?.count == 3)
      }
      #expect(try await run(["--n", "3", "--seed", "7", "--threads", "1"]).output == sampled.output)
      #expect(try await run(["--n", "3", "--seed", "8"]).output != sampled.output)
      let answers = sampled.objects.map { $0.texts("responses") }
      #expect(answers.first != answers.last, "each line has its own random stream")
      let greedy = try await run(["--greedy"]).objects.map { $0.texts("responses") }
      #expect(greedy.count == 2)
      #expect(greedy.first == greedy.last)
      #expect(greedy.first??.first?.isEmpty == false)
    }

    @Test("train, export, score with the adapter, continue from it, merge it: the same log-probs all the way")
    func export() async throws {
      let folder = try TemporaryFolder()
      try folder.write("rows.jsonl", EndToEnd.rows)
      try folder.write("first.yaml", EndToEnd.runFile(train: "rows.jsonl", "session: first"))
      let trained = try await Program.run(
        ["train", "first.yaml", "--headless", "--set", "training.max_steps=8", "--set", "training.learning_rate=0.01"],
        directory: folder.path)
      #expect(trained.ending == .exited(0), "\(trained.errors)")
      let export = try await Program.run(["export", "first", "--to", "adapter"], directory: folder.path)
      #expect(export.ending == .exited(0), "\(export.errors)")
      #expect(export.output == "PEFT adapter of step 8: adapter\n")
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path("adapter"))
      #expect(files.contains("adapter_config.json") && files.contains("adapter_model.safetensors"))
      let merge = try await Program.run(["export", "first", "--to", "merged", "--merge"], directory: folder.path)
      #expect(merge.ending == .exited(0), "\(merge.errors)")
      // What was written once is not written over.
      let again = try await Program.run(["export", "first", "--to", "adapter"], directory: folder.path)
      #expect(again.ending == .exited(2))
      #expect(again.complaints == ["error: --to adapter: the folder is not empty"])

      let pair = #"{"prompt": "How do I clean a pan?", "response": "Soak it in warm water."}"# + "\n"
      func logProb(_ arguments: [String]) async throws -> Double {
        let result = try await Program.run(
          ["score", "--precision", "fp32"] + arguments + ["-"], input: pair, directory: folder.path)
        return try #require(result.objects.first?.number("logprob"), "\(result.errors)")
      }
      let base = try await logProb(["--model", Project.Demo.model])
      let adapted = try await logProb(["--model", Project.Demo.model, "--adapter", "adapter"])
      #expect(abs(adapted - base) > 0.01, "eight steps moved the model")
      // The merged weights are stored in the model's own type, bf16, so this agrees to its precision only.
      #expect(abs(try await logProb(["--model", "merged"]) - adapted) < 0.05 * abs(adapted))

      // Continuing, the policy of the first step is the adapter's and the reference is still the base model.
      try folder.write("pan.jsonl", EndToEnd.rows.prefix { $0 != "\n" } + "\n")
      try folder.write("second.yaml", EndToEnd.runFile(train: "pan.jsonl", "adapter: {init_from: adapter}"))
      let continued = try await Program.run(["train", "second.yaml", "--headless"], directory: folder.path)
      #expect(continued.ending == .exited(0), "\(continued.errors)")
      let step = try #require(continued.objects.first { $0.isStep })
      #expect(abs(try #require(step.number("logps/chosen")) - adapted) < 1e-3)
      let beta = 0.1
      #expect(abs(try #require(step.number("rewards/chosen")) - beta * (adapted - base)) < 1e-3)
    }

    @Test("check tells what would be trained on and writes nothing")
    func check() async throws {
      let folder = try TemporaryFolder()
      // One row of 120 is bad, which the default limit of 1 % allows.
      let good = String(repeating: EndToEnd.rows, count: 60)
      try folder.write("rows.jsonl", good + "{\"prompt\": 1}\n")
      try folder.write("RUN.yaml", EndToEnd.runFile(train: "rows.jsonl"))
      let result = try await Program.run(["check", "RUN.yaml"], directory: folder.path)
      #expect(result.ending == .exited(0), "\(result.errors)")
      let titles = result.output.split(separator: "\n").filter { !$0.hasPrefix(" ") && !$0.isEmpty }
      #expect(titles == ["model", "objective", "data", "memory", "two examples, token by token: [scored] (context)"])
      #expect(result.output.contains("  121 rows read as "))
      #expect(result.output.contains(", 120 kept, 1 dropped"))
      #expect(result.output.contains("(line 121)"))
      #expect(result.output.contains("γ: -5.00 → "))
      // Each example: the prompt in round brackets, what is scored in square ones.
      let examples = result.lines.filter { $0.hasPrefix("  best, reward ") }
      #expect(examples.count == 2)
      #expect(examples.allSatisfy { $0.contains("[") && !$0.contains("(") })
      #expect(result.lines.filter { $0.hasPrefix("  prompt, ") }.allSatisfy { $0.contains("(") && !$0.contains("[") })
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["RUN.yaml", "rows.jsonl"])
    }

    @Test("doctor, help and version")
    func otherCommands() async throws {
      let doctor = try await Program.run(["doctor"])
      #expect(doctor.ending == .exited(0), "\(doctor.errors)")
      for name in ["processor", "compute", "memory", "locale", "terminal"] {
        #expect(doctor.lines.contains { $0.hasPrefix("ok   \(name)") || $0.hasPrefix("note \(name)") })
      }
      // Each note comes with its cure on the next line.
      for (line, next) in zip(doctor.lines, doctor.lines.dropFirst()) where line.hasPrefix("note ") {
        #expect(next.hasPrefix("     → "))
      }
      let help = try await Program.run(["--help"])
      #expect(help.ending == .exited(0))
      for command in ["demo", "train", "check", "score", "generate", "tokenize", "export", "doctor"] {
        #expect(help.output.contains("\n  \(command) "))
        let own = try await Program.run([command, "--help"])
        #expect(own.ending == .exited(0))
        #expect(own.output.contains("USAGE: workbench \(command)"))
      }
      let version = try await Program.run(["--version"])
      #expect(version.ending == .exited(0))
      #expect(version.output.firstMatch(of: /^\d+\.\d+\.\d+\n$/) != nil)
    }
  }
}
