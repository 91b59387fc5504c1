import Foundation
import Testing

extension EndToEnd {
  /// A model that is a GGUF file: as a folder, in a run file, on the command line, and its adapter on the way out.
  @Suite("GGUF")
  struct GGUF {
    private let folder: TemporaryFolder
    private let model: String

    init() throws {
      folder = try TemporaryFolder()
      model = folder.path("tiny.gguf")
      try FileManager.default.copyItem(
        at: Project.root.appendingPathComponent("Tests/Fixtures/gguf/models/llama.gguf"), to: folder.url("tiny.gguf"))
    }

    private func run(_ arguments: String..., input: String = "") async throws -> Program.Result {
      try await Program.run(
        arguments, input: input, environment: ["XDG_CACHE_HOME": folder.path("cache")], directory: folder.path)
    }

    @Test("import says what it made, once")
    func imports() async throws {
      let first = try await run("import", "tiny.gguf", "--to", "out")
      #expect(first.ending == .exited(0), "\(first.errors)")
      let object = try #require(first.objects.first)
      #expect(object.text("model_type") == "llama" && object.integer("layers") == 2)
      #expect(first.output.hasSuffix("\"written\": true}\n"))
      #expect(first.errors == "importing tiny.gguf\n")
      let second = try await run("import", "tiny.gguf", "--to", "out")
      #expect(second.ending == .exited(0) && second.output.hasSuffix("\"written\": false}\n"))
      let other = try await run("import", "tiny.gguf", "--to", "out", "--precision", "fp32")
      #expect(other.ending == .exited(2))
      #expect(other.complaints == ["error: --to out: the folder is not empty"])
    }

    @Test("--model takes the file, imports it once, and computes what the folder computes")
    func scores() async throws {
      _ = try await run("import", "tiny.gguf", "--to", "out")
      let line = #"{"prompt": "abc", "response": "cab"}"# + "\n"
      let byFolder = try await run("score", "--model", "out", "--tokens", "-", input: line)
      let byFile = try await run("score", "--model", "tiny.gguf", "--tokens", "-", input: line)
      #expect(byFile.ending == .exited(0), "\(byFile.errors)")
      #expect(byFile.output == byFolder.output && byFile.objects.first?.integer("tokens") == 3)
      #expect(byFile.errors.hasPrefix("importing tiny.gguf once, into \(folder.path("cache"))/workbench/models/tiny-"))
      let again = try await run("score", "--model", "tiny.gguf", "--tokens", "-", input: line)
      #expect(again.output == byFile.output && again.errors.isEmpty)
      // A folder that holds this one file is the file. abc and ab are tokens, <s> comes first.
      let tokens = try await run("tokenize", "--model", ".", "-", input: "\"abcab\"\n")
      #expect(tokens.objects.first?.numbers("ids") == [1, 63, 62], "\(tokens.errors)")
    }

    @Test("a run on the file trains, keeps its name, and its adapter leaves as GGUF and as PEFT")
    func trains() async throws {
      try folder.write(
        "rows.jsonl",
        #"{"prompt": "abc", "responses": ["ab", "cc"], "rewards": [1, 0]}"# + "\n"
          + #"{"prompt": "cab", "responses": ["abc", "b"], "rewards": [1, 0]}"# + "\n")
      try folder.write(
        "run.yaml", EndToEnd.runFile(train: "rows.jsonl", "session: s").replacing(Project.Demo.model, with: "tiny.gguf")
      )
      let check = try await run("check", "run.yaml")
      #expect(check.ending == .exited(0), "\(check.errors)")
      #expect(check.output.contains("tiny.gguf: llama, 2 layers"))
      let train = try await run("train", "run.yaml", "--headless")
      #expect(train.ending == .exited(0), "\(train.errors)")
      #expect(folder.text("s/run.yaml").contains("model: \(folder.path("tiny.gguf"))"))
      let adapter = try await run("export", "s", "--to", "a.gguf")
      #expect(adapter.ending == .exited(0) && adapter.output == "GGUF adapter of step 2: a.gguf\n", "\(adapter.errors)")
      #expect(try Data(contentsOf: folder.url("a.gguf")).starts(with: Data("GGUF".utf8)))
      #expect(try await run("export", "s", "--to", "a.gguf").complaints == ["error: --to a.gguf: is there already"])
      #expect(try await run("export", "s", "--to", "b.gguf", "--merge").ending == .exited(2))
      #expect(try await run("export", "s", "--to", "peft").ending == .exited(0))
      #expect(folder.text("peft/adapter_config.json").contains("tiny.gguf"))
      #expect(try await run("export", "s", "--to", "merged", "--merge").ending == .exited(0))
      let score = try await run(
        "score", "--model", "merged", "-", input: #"{"prompt": "abc", "response": "cab"}"# + "\n")
      #expect(score.ending == .exited(0), "\(score.errors)")
    }

    @Test("damaged and foreign files are refused with one sentence, and nothing is left")
    func refuses() async throws {
      let whole = try Data(contentsOf: folder.url("tiny.gguf"))
      try whole.prefix(whole.count - 1000).write(to: folder.url("short.gguf"))
      let short = try await run("import", "short.gguf", "--to", "out")
      #expect(short.ending == .exited(4) && short.complaints.count == 1)
      #expect(short.errors.contains("it is cut short"))
      try folder.write("text.gguf", "This is no model at all, whatever it is called.")
      let text = try await run("score", "--model", "text.gguf", "-")
      #expect(text.ending == .exited(4) && text.errors.contains("does not begin as a GGUF file does"))
      let absent = try await run("import", "absent.gguf", "--to", "out")
      #expect(absent.ending == .exited(4) && absent.errors.contains("No such file or directory"))
      let other = try await run("import", "rows.jsonl", "--to", "out")
      #expect(other.ending == .exited(2))
      #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
    }

    @Test("a disk that takes no more is exit code 5, and nothing is left")
    func fullDisk() async throws {
      let result = try await Program.shell(
        "ulimit -f 20; exec \"$WORKBENCH\" import tiny.gguf --to out", directory: folder.path)
      #expect(result.ending == .exited(5) && result.complaints.count == 1, "\(result.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["tiny.gguf"])
    }
  }
}
