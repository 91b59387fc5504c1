import Foundation
import Testing

extension EndToEnd {
  /// `check` is the promise that `train` begins: whatever one refuses the other does, with the same words and code.
  @Suite("check refuses what train refuses")
  struct Check {
    /// What is wrong, as `--set` says it over a run file that is right.
    struct Case: CustomTestStringConvertible, Sendable {
      var settings: [String]
      var code: Int32
      var error: String

      init(_ settings: String..., code: Int32, _ error: String) {
        (self.settings, self.code, self.error) = (settings, code, error)
      }

      var testDescription: String { settings.joined(separator: " ") }
    }

    private func folder() throws -> TemporaryFolder {
      let folder = try TemporaryFolder()
      try folder.write("rows.jsonl", EndToEnd.rows)
      try folder.write("run.yaml", EndToEnd.runFile(train: "rows.jsonl", "session: new"))
      try folder.write("empty.jsonl", "")
      try FileManager.default.createDirectory(atPath: folder.path("old"), withIntermediateDirectories: true)
      try folder.write("old/run.yaml", "model: m\n")
      return folder
    }

    @Test(arguments: [
      Case(
        "preference.preferred=100", code: 3,
        "rows.jsonl: no prompt is left to train on: with preference.preferred 100 none has a dispreferred response"),
      Case(
        "data.eval_fraction=0.999", code: 2,
        "data.eval_fraction: 0.999 holds out all 2 prompts, so none is left to train on"),
      Case("session=old", code: 2, "old already holds a run; name another folder with --session, or remove it"),
      Case("data.train=absent.jsonl", code: 3, "absent.jsonl: no such file"),
      Case("data.eval=absent.jsonl", code: 3, "absent.jsonl: no such file"),
      Case("data.train=empty.jsonl", code: 3, "empty.jsonl: has no rows"),
      Case("data.train=/dev/zero", code: 3, "/dev/zero: is a device, not a file of rows (standard input is -)"),
      Case("model=absent", code: 4, "absent is not a usable checkpoint folder: there is no such folder"),
      Case("adapter.init_from=absent", code: 4, "absent is not a usable adapter folder: there is no such folder"),
      Case(
        "model.quantize=nf5", code: 2,
        #"--set model.quantize: "nf5" is not known, did you mean "nf4"? (one of: none, int8, nf4)"#),
      Case("adapter.r=4097", code: 2, "--set adapter.r: 4097 is not allowed; expected a whole number from 1 to 4096"),
      Case(
        "training.threads=257", code: 2,
        "--set training.threads: 257 is not allowed; expected a whole number from 1 to 256"),
      Case(
        "preference.parameterization=kto", "preference.model=bt", code: 2,
        "training.prompts_per_step: kto compares each prompt with the answers to another one of its step, so it needs at "
          + "least 2"),
      Case("training.lr=1", code: 2, #"--set training.lr: unknown key, did you mean "learning_rate"?…"#),
    ])
    func refusesAlike(_ example: Case) async throws {
      let folder = try folder()
      let settings = example.settings.flatMap { ["--set", $0] }
      let check = try await Program.run(["check", "run.yaml"] + settings, directory: folder.path)
      let train = try await Program.run(["train", "run.yaml", "--headless"] + settings, directory: folder.path)
      #expect(train.ending == .exited(example.code), "\(train.errors)")
      #expect(check.ending == train.ending, "\(check.errors)")
      #expect(check.complaints == train.complaints)
      #expect(check.complaints.count == 1, "\(check.errors)")
      let line = check.complaints.first ?? ""
      if example.error.hasSuffix("…") {
        #expect(line.hasPrefix("error: " + example.error.dropLast()), "\(line)")
      } else {
        #expect(line == "error: " + example.error)
      }
    }

    @Test("both accept the run file without a fault")
    func acceptsAlike() async throws {
      let folder = try folder()
      #expect(try await Program.run(["check", "run.yaml"], directory: folder.path).ending == .exited(0))
      #expect(try await Program.run(["train", "run.yaml", "--headless"], directory: folder.path).ending == .exited(0))
    }

    /// But for the memory plan, which depends on the machine.
    @Test("README's example is what check prints of examples/")
    func readmeExample() async throws {
      func withoutMemory(_ text: String) -> String {
        let parts = text.components(separatedBy: "\nmemory\n")
        let rest = parts.last?.range(of: "\ntwo examples").map { String(parts[1][$0.lowerBound...]) } ?? ""
        return parts[0] + rest
      }
      let folder = try TemporaryFolder()
      for name in ["run.yaml", "prefs.jsonl"] {
        try FileManager.default.copyItem(
          at: Project.root.appendingPathComponent("examples/\(name)"), to: folder.url(name))
      }
      try FileManager.default.createDirectory(atPath: folder.path("models"), withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: folder.path("models/my-model"), withDestinationPath: Project.Demo.model)
      let result = try await Program.run(["check", "run.yaml"], directory: folder.path)
      #expect(result.ending == .exited(0), "\(result.errors)")
      for page in ["README.md", "docs/commands.md"] {
        let text = try String(contentsOf: Project.root.appendingPathComponent(page), encoding: .utf8)
        let block = text.components(separatedBy: "```").first {
          $0.hasPrefix("console\n$ workbench check run.yaml\n\nmodel")
        }
        let shown = try #require(block).dropFirst("console\n$ workbench check run.yaml\n".count)
        #expect(withoutMemory(String(shown)) == withoutMemory(result.output), "\(page)")
      }
    }

    @Test("more threads than processors are a warning in all commands")
    func manyThreads() async throws {
      let folder = try folder()
      let count = ProcessInfo.processInfo.processorCount + 1
      try #require(count <= 256)
      let words = "\(count) threads are more than the "
      let check = try await Program.run(
        ["check", "run.yaml", "--set", "training.threads=\(count)"], directory: folder.path)
      #expect(check.ending == .exited(0) && check.output.contains("training.threads: " + words), "\(check.output)")
      let train = try await Program.run(
        ["train", "run.yaml", "--headless", "--set", "training.threads=\(count)"], directory: folder.path)
      #expect(train.ending == .exited(0) && train.errors.contains("training.threads: " + words), "\(train.errors)")
      let score = try await Program.run(
        ["score", "--model", Project.Demo.model, "--threads", "\(count)", "-"],
        input: #"{"prompt": "a", "response": " b"}"# + "\n")
      #expect(score.ending == .exited(0) && score.errors.hasPrefix("warning: --threads: " + words), "\(score.errors)")
    }
  }
}
