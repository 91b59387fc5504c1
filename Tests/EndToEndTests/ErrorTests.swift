import Foundation
import Testing

extension EndToEnd {
  /// Every way to be wrong ends with the documented exit code and one line `error: …`.
  @Suite("errors")
  struct Errors {
    private func check(_ example: ErrorCase) async throws {
      let folder = try TemporaryFolder()
      for (name, text) in example.files {
        let url = folder.url(name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try folder.write(name, text)
      }
      let result = try await Program.run(example.arguments, input: example.input, directory: folder.path)
      #expect(result.ending == .exited(example.code), "\(result.errors)")
      #expect(result.complaints.count == 1, "\(result.errors)")
      // Nothing was begun that could have said anything else.
      if example.code == 2 { #expect(result.errorLines.count == 1, "\(result.errors)") }
      let line = result.complaints.first ?? ""
      if example.error.hasSuffix("…") {
        #expect(line.hasPrefix("error: " + example.error.dropLast()), "\(line)")
      } else {
        #expect(line == "error: " + example.error)
      }
      // A person who mistyped gets a sentence, not a stack.
      for word in ["Fatal", "fatal error", "Backtrace", "Optional(", "Error Domain"] {
        #expect(!result.errors.contains(word), "\(result.errors)")
      }
    }

    // MARK: 2, usage

    @Test(
      "a wrong command line",
      arguments: [
        ErrorCase(["--nope"], 2, "Unknown option '--nope'"),
        ErrorCase(["trian", "run.yaml"], 2, "\"trian\" is not a command, did you mean \"train\"?"),
        ErrorCase(["frobnicate"], 2, "\"frobnicate\" is not a command; the commands are demo, train, …"),
        ErrorCase(
          ["sessions", "shwo"], 2, "\"shwo\" is neither a folder nor a command of sessions, did you mean \"show\"?"),
        ErrorCase(["sessions", "list", "absent"], 2, "\"absent\" is neither a folder nor a command of sessions"),
        ErrorCase(["train"], 2, "Missing expected argument '<run.yaml>'"),
        ErrorCase(["train", "run.yaml", "--headles"], 2, "Unknown option '--headles'. Did you mean '--headless'?"),
        ErrorCase(["score", "--model"], 2, "Missing value for '--model <dir>'"),
        ErrorCase(
          ["score", "--model", "m", "--precision", "fp8", "-"], 2,
          "The value 'fp8' is invalid for '--precision <precision>'…"),
        ErrorCase(["generate", "--model", "m", "--n", "0", "-"], 2, "--n: 0 is not between 1 and 10000"),
        ErrorCase(["score", "--model", "m", "--threads", "257", "-"], 2, "--threads: 257 is not between 1 and 256"),
        ErrorCase(["bench", "--threads", "0"], 2, "--threads: 0 is not between 1 and 256"),
        ErrorCase(["generate", "--model", "m", "--n", "x", "-"], 2, "The value 'x' is invalid for '--n <k>'"),
        ErrorCase(
          ["generate", "--model", "m", "--temperature=-1", "-"], 2,
          "--temperature: -1.0 is not a number of at least 0"),
        ErrorCase(["generate", "--model", "m", "--top-p", "0", "-"], 2, "--top-p: 0.0 is not above 0 and at most 1"),
        ErrorCase(
          ["generate", "--model", "m", "--greedy", "--n", "2", "-"], 2, "--greedy gives one answer; leave out --n 2"),
        ErrorCase(
          ["tokenize", "--model", "m", "--chat", "--decode", "-"], 2, "--chat and --decode exclude each other"),
        ErrorCase(["export", "absent", "--to", "out"], 2, "absent: no session is here (run.yaml is missing)"),
        ErrorCase(["demo", "--headless", "--set", "training"], 2, "--set training…"),
        ErrorCase(
          ["demo", "--headless", "--set", "model=&m x"], 2,
          "--set model: YAML anchors and aliases (&name, *name) are not supported, write the value out"),
        ErrorCase(["demo", "--headless", "--control", "absent"], 2, "--control absent: No such file or directory"),
        ErrorCase(["demo", "--headless", "--control", "."], 2, "--control .: Is a directory"),
        ErrorCase(
          ["--generate-completion-script", "ksh"], 2,
          "Can't generate completion scripts for 'ksh'. Please use --generate-completion-script=<shell> with one of: …"),
      ])
    func commandLine(_ example: ErrorCase) async throws { try await check(example) }

    @Test(
      "a wrong run file",
      arguments: [
        ErrorCase(["train", "absent.yaml", "--headless"], 2, "absent.yaml: no such file"),
        ErrorCase(["check", "absent.yaml"], 2, "absent.yaml: no such file"),
        .runFile("", "RUN.yaml: is empty; a run file needs at least model and data.train"),
        .runFile(
          "model: m\ndata: {train: a.jsonl}\ntraning: {max_steps: 1}\n",
          #"RUN.yaml: traning: unknown key, did you mean "training"?…"#),
        .runFile(
          "model: m\ndata: {train: a.jsonl}\ntraining: {learning_rat: 1}\n",
          #"RUN.yaml: training.learning_rat: unknown key, did you mean "learning_rate"?…"#),
        .runFile(
          "model: m\ndata: {train: a.jsonl}\nbeta: 0.1\n",
          #"RUN.yaml: beta: unknown key, did you mean "preference.beta"?…"#),
        .runFile(
          "model: m\ndata: {train: a.jsonl}\npreference: {gamma: {start: abc}}\n",
          #"RUN.yaml: preference.gamma.start: "abc" is not a number"#),
        .runFile(
          "model: m\ndata: {train: a.jsonl}\npreference: {gamma: {end: .nan}}\n",
          #"RUN.yaml: preference.gamma.end: ".nan" is not a finite number"#),
        .runFile(
          "model: m\ndata: {train: a.jsonl}\npreference: {gamma: {stairs: 0}}\n",
          "RUN.yaml: preference.gamma.stairs: 0 is not allowed; expected a whole number from 1 to 10000"),
        .runFile(
          "model: m\ndata: {train: a.jsonl}\ntraining: {max_steps: 2.5}\n",
          "RUN.yaml: training.max_steps: 2.5 is not a whole number"),
        .runFile(
          "model: m\ndata: {train: a.jsonl}\ntraining: [1, 2]\n",
          "RUN.yaml: training: a list is not a section; expected keys…"),
        .runFile(
          "model: m\ndata: {train: a.jsonl}\ntraining: {lr_scheduler_type: cosin}\n",
          #"RUN.yaml: training.lr_scheduler_type: "cosin" is not known, did you mean "cosine"?…"#),
        .runFile("model: m\ndata: {train: a.jsonl}\ntraining: {seed: 1\n", "RUN.yaml: line…"),
        .runFile(
          "data: {train: a.jsonl}\n",
          "RUN.yaml: model: missing; give the folder of a Hugging Face checkpoint or a GGUF file"),
        ErrorCase(
          ["train", "RUN.yaml", "--headless", "--set", "preference.bta=0.2"],
          files: ["RUN.yaml": "model: m\ndata: {train: a.jsonl}\n"], 2,
          #"--set preference.bta: unknown key, did you mean "beta"?…"#),
      ])
    func runFile(_ example: ErrorCase) async throws { try await check(example) }

    @Test("a session folder that is in use is not written to")
    func sessionExists() async throws {
      try await check(
        ErrorCase(
          EndToEnd.headlessDemo(steps: 1, ["--session", "old"]), files: ["old/run.yaml": "model: m\n"], 2,
          "old already holds a run; name another folder with --session, or remove it"))
    }

    // MARK: 3, data

    @Test(
      "data that cannot be used",
      arguments: [
        ErrorCase(
          ["train", "RUN.yaml", "--headless"], files: ["RUN.yaml": EndToEnd.runFile(train: "absent.jsonl")], 3,
          "absent.jsonl: no such file"),
        ErrorCase(
          ["check", "RUN.yaml"], files: ["RUN.yaml": EndToEnd.runFile(train: "absent.jsonl")], 3,
          "absent.jsonl: no such file"),
        .data("", "rows.jsonl: has no rows"),
        .data(#"{"colour": "blue"}"# + "\n", #"rows.jsonl: line 1: no known format has the keys "colour"; name one…"#),
        .data(
          EndToEnd.rows + "not json\n",
          "rows.jsonl: 1 of 3 rows cannot be read, more than data.max_bad_rows allows (1 %): …"),
        .data("PAR1 and more", "rows.jsonl: the file is damaged: it does not end as a Parquet file does…"),
        ErrorCase(
          ["train", "RUN.yaml", "--headless"],
          files: ["RUN.yaml": EndToEnd.runFile(train: "rows.jsonl.gz"), "rows.jsonl.gz": "\u{1}not gzip"], 3,
          "rows.jsonl.gz: …"),
        ErrorCase(
          ["score", "--model", Project.Demo.model, "-"], input: "not json\n", 3,
          "standard input: line 1: not valid JSON"),
        ErrorCase(
          ["score", "--model", Project.Demo.model, "-"], input: #"{"prompt": "a"}"# + "\n", 3,
          #"standard input: line 1: "response" is missing"#),
        ErrorCase(["score", "--model", Project.Demo.model, "absent.jsonl"], 3, "absent.jsonl: no such file"),
        ErrorCase(
          ["generate", "--model", Project.Demo.model, "-"], input: #"{"prompt": 5}"# + "\n", 3,
          "standard input: line 1: …"),
        ErrorCase(
          ["score", "--model", Project.Demo.model, "/dev/zero"], 3,
          "/dev/zero: is a device, not a file of rows (standard input is -)"),
        ErrorCase(
          ["train", "RUN.yaml", "--headless"], files: ["RUN.yaml": EndToEnd.runFile(train: "/dev/zero")], 3,
          "/dev/zero: is a device, not a file of rows (standard input is -)"),
        ErrorCase(
          ["score", "--model", Project.Demo.model, "-"],
          input: #"{"prompt": [{"role": "user"}], "response": "x"}"# + "\n", 3,
          #"standard input: line 1: a message needs the texts "role" and "content" (or "from" and "value")"#),
        ErrorCase(
          ["tokenize", "--model", Project.Demo.model, "rows.jsonl"], files: ["rows.jsonl": "\"a\"\n[1]\n"], 3,
          "rows.jsonl: line 2: …"),
      ])
    func data(_ example: ErrorCase) async throws { try await check(example) }

    /// A pipe that never ends, in one line.
    @Test("a row that does not end", arguments: ["-", "pipe"])
    func endlessRow(input: String) async throws {
      let folder = try TemporaryFolder()
      #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
      let command = "exec \"$WORKBENCH\" score --model '\(Project.Demo.model)' \(input)"
      let result = try await Program.shell(
        input == "-" ? "cat /dev/zero | (\(command))" : "cat /dev/zero > pipe & \(command)", directory: folder.path)
      let name = input == "-" ? "-" : "pipe"
      expectOneComplaint(result, 3, containing: ["\(name): line 1: does not end within 256 MiB, as no row does"])
    }

    @Test("ShareGPT's messages are read as training reads them")
    func shareGPT() async throws {
      func run(_ arguments: [String], _ input: String) async throws -> String {
        let result = try await Program.run(arguments, input: input + "\n")
        #expect(result.ending == .exited(0), "\(result.errors)")
        return result.output
      }
      let plain = #"[{"role": "user", "content": "How do I reach the top shelf?"}]"#
      let shared = #"[{"from": "human", "value": "How do I reach the top shelf?"}]"#
      let model = ["--model", Project.Demo.model]
      let tokenize = ["tokenize"] + model + ["--chat", "--generation-prompt", "-"]
      #expect(try await run(tokenize, shared) == run(tokenize, plain))
      let score = ["score"] + model + ["-"]
      let answer = #"[{"from": "gpt", "value": "Use a step ladder."}]"#
      #expect(
        try await run(score, #"{"prompt": \#(shared), "response": \#(answer)}"#)
          == run(score, #"{"prompt": \#(plain), "response": "Use a step ladder."}"#))
      let generate = ["generate"] + model + ["--greedy", "--max-new-tokens", "8", "-"]
      let expected = JSONObject(try await run(generate, #"{"prompt": \#(plain)}"#))?.texts("responses")
      #expect(expected?.count == 1)
      #expect(try await JSONObject(run(generate, #"{"prompt": \#(shared)}"#))?.texts("responses") == expected)
    }

    // MARK: 4, model and adapter files

    @Test("a file of the tokenizer that is no file", arguments: ["tokenizer.json", "tokenizer_config.json"])
    func specialFile(name: String) async throws {
      for device in ["/dev/zero", "pipe"] {
        let model = try TemporaryFolder()
        try brokenModel(model, "") { $0 }
        try FileManager.default.removeItem(at: model.url(name))
        #expect(mkfifo(model.path("pipe"), 0o600) == 0)
        try FileManager.default.createSymbolicLink(atPath: model.path(name), withDestinationPath: device)
        let result = try await Program.run(["tokenize", "--model", model.path, "-"], input: "\"a\"\n")
        #expect(result.ending == .exited(4), "\(result.errors)")
        #expect(
          result.complaints == [
            "error: \(model.path(name)): cannot be read: it is a device or a pipe, not a file"
          ])
      }
    }

    @Test(
      "a model that is not there",
      arguments: [
        ErrorCase(["score", "--model", "absent", "-"], 4, "absent…"),
        ErrorCase(["tokenize", "--model", "absent", "-"], 4, "…"),
        ErrorCase(
          ["train", "RUN.yaml", "--headless"],
          files: ["RUN.yaml": "model: absent\ndata: {train: rows.jsonl}\n", "rows.jsonl": EndToEnd.rows], 4, "absent…"),
        ErrorCase(["score", "--model", "empty", "-"], files: ["empty/notes.txt": "nothing"], 4, "empty…"),
      ])
    func missingModel(_ example: ErrorCase) async throws { try await check(example) }

    /// The demo's model with one file changed.
    private func brokenModel(_ folder: TemporaryFolder, _ file: String, _ change: (Data) throws -> Data) throws {
      for name in try FileManager.default.contentsOfDirectory(atPath: Project.Demo.model) {
        let content = try Data(contentsOf: URL(fileURLWithPath: Project.Demo.model + "/" + name))
        try (name == file ? change(content) : content).write(to: folder.url(name))
      }
    }

    private func score(_ model: TemporaryFolder, _ more: [String] = []) async throws -> Program.Result {
      let parent = (model.path as NSString).deletingLastPathComponent
      let name = (model.path as NSString).lastPathComponent
      return try await Program.run(
        ["score", "--model", name] + more + ["-"], input: #"{"prompt": "a", "response": "b"}"# + "\n",
        directory: parent)
    }

    private func expectOneComplaint(_ result: Program.Result, _ code: Int32, containing words: [String]) {
      #expect(result.ending == .exited(code), "\(result.errors)")
      #expect(result.complaints.count == 1, "\(result.errors)")
      for word in words { #expect(result.complaints.first?.contains(word) == true, "\(result.errors)") }
    }

    @Test("a truncated model.safetensors")
    func truncatedTensors() async throws {
      let model = try TemporaryFolder()
      try brokenModel(model, "model.safetensors") { $0.prefix($0.count / 2) }
      expectOneComplaint(try await score(model), 4, containing: ["model.safetensors", "damaged"])
    }

    @Test("a header that lies about its length")
    func lyingHeader() async throws {
      let model = try TemporaryFolder()
      try brokenModel(model, "model.safetensors") { Data([255, 255, 255, 255, 255, 255, 255, 127]) + $0.dropFirst(8) }
      expectOneComplaint(try await score(model), 4, containing: ["model.safetensors"])
    }

    @Test("an architecture that is not supported")
    func architecture() async throws {
      let model = try TemporaryFolder()
      try brokenModel(model, "config.json") { content in
        var config = try #require(try JSONSerialization.jsonObject(with: content) as? [String: Any])
        config["model_type"] = "gpt2"
        config["architectures"] = ["GPT2LMHeadModel"]
        return try JSONSerialization.data(withJSONObject: config)
      }
      expectOneComplaint(try await score(model), 4, containing: ["gpt2", "not supported"])
    }

    @Test("a configuration that asks for other shapes than the tensors have")
    func wrongShapes() async throws {
      let model = try TemporaryFolder()
      try brokenModel(model, "config.json") { content in
        var config = try #require(try JSONSerialization.jsonObject(with: content) as? [String: Any])
        config["intermediate_size"] = 1
        return try JSONSerialization.data(withJSONObject: config)
      }
      expectOneComplaint(try await score(model), 4, containing: ["shape"])
    }

    @Test("a damaged tokenizer.json")
    func damagedTokenizer() async throws {
      let model = try TemporaryFolder()
      try brokenModel(model, "tokenizer.json") { $0.prefix(1000) }
      expectOneComplaint(try await score(model), 4, containing: ["tokenizer.json"])
    }

    @Test("an adapter that is not there, and one that is none")
    func badAdapter() async throws {
      let folder = try TemporaryFolder()
      let absent = try await Program.run(
        ["score", "--model", Project.Demo.model, "--adapter", "absent", "-"], directory: folder.path)
      expectOneComplaint(absent, 4, containing: ["absent"])
      try folder.write("adapter_config.json", #"{"peft_type": "LORA", "r": "many"}"#)
      try folder.write("adapter_model.safetensors", "")
      let wrong = try await Program.run(["score", "--model", Project.Demo.model, "--adapter", folder.path, "-"])
      expectOneComplaint(wrong, 4, containing: ["adapter_config.json"])
    }

    // MARK: 5 and 6

    @Test("a session folder that cannot be made")
    func cannotWrite() async throws {
      let result = try await Program.run(EndToEnd.headlessDemo(steps: 1, ["--session", "/dev/null/run"]))
      expectOneComplaint(result, 5, containing: ["/dev/null/run: cannot be written: Not a directory"])
    }

    @Test("training that runs into NaN stops by itself and says where")
    func notFinite() async throws {
      let result = try await Program.run(
        EndToEnd.headlessDemo(steps: 50, ["--set", "training.learning_rate=1e30"]))
      expectOneComplaint(result, 6, containing: ["training stopped at step "])
      #expect(result.objects.last?.event == "failed")
      #expect(result.objects.count == result.lines.count, "JSON knows neither NaN nor infinity")
      #expect(result.objects.last { $0.isStep }?.line.contains("\"loss\": null") == true)
    }
  }
}
