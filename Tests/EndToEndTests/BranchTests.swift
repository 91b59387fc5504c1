import Foundation
import Session
import Testing

extension EndToEnd {
  /// Training on from a checkpoint with other settings.
  @Suite("branch")
  struct Branch {
    /// 60 steps with checkpoints at 20, 40 and 60; γ and the learning rate are changed by hand before the first.
    private static func parent(_ folder: TemporaryFolder) async throws -> [String] {
      let run = try LiveProgram(
        EndToEnd.headlessDemo(
          steps: 60, ["--set", "training.save_steps=20", "--session", "run", "--control", "-"]), directory: folder.path)
      _ = try await run.object("the start") { $0.event == "running" }
      try run.send(#"{"command": "set", "key": "gamma", "value": 1.5, "at": 15}"#)
      try run.send(#"{"command": "set", "key": "learning_rate", "value": 3e-4}"#)
      #expect(try await run.end() == .exited(0))
      return SessionRecord.objects(folder.path("run")).filter(\.isStep).map(\.lineWithoutTime)
    }

    private static func steps(_ folder: String) -> [JSONObject] {
      SessionRecord.objects(folder).filter(\.isStep)
    }

    /// The prompts of every step, in their order.
    private static func prompts(_ folder: String) throws -> [Int: [Int]] {
      var prompts: [Int: [Int]] = [:]
      try SessionReader(folder: folder).forEach { recorded in
        if case .step(let record) = recorded.event { prompts[record.step] = record.visits.map(\.prompt) }
      }
      return prompts
    }

    @Test("with nothing changed it is the run that it left; with other settings only they differ")
    func forks() async throws {
      let folder = try TemporaryFolder()
      let whole = try await Self.parent(folder)
      #expect(whole.count == 60)
      let same = try await Program.run(["branch", "run", "--step", "20", "--headless"], directory: folder.path)
      #expect(same.ending == .exited(0), "\(same.errors)")
      let repeated = Self.steps(folder.path("run-branch"))
      #expect(repeated.map(\.lineWithoutTime) == Array(whole[20...]))

      let other = try await Program.run(
        [
          "branch", "run", "--step", "20", "--set", "preference.gamma=-3", "--set", "training.seed=7", "--headless",
          "--session", "other",
        ], directory: folder.path)
      #expect(other.ending == .exited(0), "\(other.errors)")
      let changed = Self.steps(folder.path("other"))
      #expect(changed.compactMap { $0.integer("step") } == Array(21...60))
      #expect(changed.allSatisfy { $0.number("gamma") == -3 })
      // What was not named goes on as it was: the rate that was set by hand, the order of the prompts.
      #expect(changed.first?.number("learning_rate") == repeated.first?.number("learning_rate"))
      #expect(changed.map(\.lineWithoutTime) != Array(whole[20...]))
      let order = try Self.prompts(folder.path("run"))
      for (step, prompts) in try Self.prompts(folder.path("other")) { #expect(prompts == order[step]) }

      let shown = try await Program.run(["sessions", "show", "other"], directory: folder.path)
      #expect(shown.output.contains("branch of ") && shown.output.contains("/run from step 20 on"), "\(shown.output)")
      let compared = try await Program.run(["sessions", "compare", "run", "other"], directory: folder.path)
      #expect(compared.lines.last?.contains("other − run, steps 21–60: margin ") == true, "\(compared.output)")
      // The same numbers, prompt for prompt: no difference at all.
      let equal = try await Program.run(["sessions", "compare", "run", "run-branch"], directory: folder.path)
      #expect(equal.lines.last?.contains("margin +0.0000 ± 0.0000") == true, "\(equal.output)")
    }

    @Test("a branch that was interrupted goes on bit for bit, and can be branched itself")
    func resumes() async throws {
      let folder = try TemporaryFolder()
      _ = try await Self.parent(folder)
      let settings = [
        "--set", "training.seed=7", "--set", "training.max_steps=3000", "--set", "training.save_steps=null",
        "--headless",
      ]
      let live = try LiveProgram(
        ["branch", "run", "--step", "40", "--session", "cut"] + settings, directory: folder.path)
      _ = try await live.object("step 60") { $0.integer("step") == 60 && $0.isStep }
      live.signal(SIGTERM)
      #expect(try await live.end() == .exited(130))
      let cut = try #require(Self.steps(folder.path("cut")).last?.integer("step"))
      // From its own checkpoint to step 90, once resumed and once as a branch of the branch.
      let on = try LiveProgram(["resume", "cut", "--headless"], directory: folder.path)
      _ = try await on.object("30 steps more") { $0.isStep && $0.integer("step") == cut + 30 }
      on.signal(SIGKILL)
      _ = try await on.end()
      let resumed = Self.steps(folder.path("cut")).filter { ($0.integer("step") ?? 0) <= cut + 30 }
      let again = try LiveProgram(
        ["branch", "run", "--step", "40", "--session", "whole"] + settings, directory: folder.path)
      _ = try await again.object("as many steps") { $0.isStep && $0.integer("step") == cut + 30 }
      again.signal(SIGKILL)
      _ = try await again.end()
      let whole = Self.steps(folder.path("whole")).filter { ($0.integer("step") ?? 0) <= resumed.count + 40 }
      // What a killed process printed last may not be in its record.
      let common = min(resumed.count, whole.count)
      #expect(common > cut - 40)
      #expect(
        resumed.prefix(common).map(\.lineWithoutTime)
          == whole.prefix(common).map(\.lineWithoutTime))
      let second = try LiveProgram(
        ["branch", "cut", "--step", "\(cut)", "--session", "second", "--headless"], directory: folder.path)
      _ = try await second.object("a few steps") { $0.isStep && $0.integer("step") == cut + 15 }
      second.signal(SIGKILL)
      _ = try await second.end()
      let begin = Self.steps(folder.path("second")).prefix(3).map(\.lineWithoutTime)
      #expect(
        begin == resumed.filter { ($0.integer("step") ?? 0) > cut }.prefix(3).map(\.lineWithoutTime))
      #expect(begin.count == 3)
    }

    @Test("what cannot be branched is said in one sentence")
    func refusals() async throws {
      let folder = try TemporaryFolder()
      _ = try await Self.parent(folder)
      let cases: [([String], String)] = [
        (["run", "--step", "30"], "there is no checkpoint of step 30 (there are 20, 40, 60)"),
        (["run"], "the checkpoint of step 60 is the last step of the run; --set training.max_steps=120 trains on"),
        (
          ["run", "--step", "20", "--set", "training.prompts_per_step=4"], "training.prompts_per_step cannot be changed"
        ),
        (["run", "--step", "20", "--set", "adapter.r=4"], "adapter.r cannot be changed"),
        (["run", "--step", "20", "--set", "training.sed=4"], "unknown key, did you mean \"seed\"?"),
        (["run", "--step", "20", "--session", "run"], "already holds a run"),
        (["nowhere"], "no session is here"),
      ]
      for (arguments, sentence) in cases {
        let result = try await Program.run(["branch"] + arguments + ["--headless"], directory: folder.path)
        #expect(result.ending == .exited(2), "\(arguments): \(result.errors)")
        #expect(result.complaints.count == 1 && result.complaints[0].contains(sentence), "\(result.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.path("run-branch")))
    }

    @Test("B on the screen starts one in the background, and tab 8 shows both")
    func onTheScreen() async throws {
      let folder = try TemporaryFolder()
      _ = try await Self.parent(folder)
      let terminal = try TerminalSession(["replay", "run"], directory: folder.path)
      try await terminal.waitFor("REPLAY")
      terminal.type(" ")
      try await terminal.type("\u{1b}OF", showing: "step 60/60")
      try await terminal.type("B", showing: "branch off")
      terminal.type("gamma")
      try await terminal.type("\r", showing: "expected key=value")
      try await terminal.type("=2 max_steps=90\r", showing: "the branch run-branch trains")
      try await terminal.type("8", showing: "branch from 60")
      terminal.type("q")
      #expect(try await terminal.end() == .exited(0))
      // It goes on without the screen.
      let done = try await Patience.wait {
        (try? SessionReader(folder: folder.path("run-branch")).status()) == .finished
      }
      #expect(done, "\(folder.text("run-branch/headless.log"))")
      #expect(Self.steps(folder.path("run-branch")).compactMap { $0.integer("step") } == Array(61...90))
    }
  }
}
