import Foundation
import Session
import Testing

extension EndToEnd {
  /// Whose the session folder is, and what in it.
  @Suite("session folders")
  struct Ownership {
    private static func contents(_ folder: String) -> [String: Data] {
      let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
      return Dictionary(
        uniqueKeysWithValues: names.map { ($0, FileManager.default.contents(atPath: folder + "/" + $0) ?? Data()) })
    }

    /// A checkpoint as another trainer leaves it.
    private static func putForeign(_ name: String, in folder: TemporaryFolder) throws {
      try FileManager.default.createDirectory(at: folder.url(name), withIntermediateDirectories: true)
      try folder.write(name + "/adapter_model.safetensors", "theirs")
    }

    private static let long = EndToEnd.headlessDemo(
      steps: 100_000,
      ["--set", "training.save_steps=5", "--set", "training.save_total_limit=1", "--session", "run"])

    @Test("a run that slept while its folder was replaced leaves the other run alone")
    func replaced() async throws {
      let folder = try TemporaryFolder()
      let first = try LiveProgram(Self.long, input: .text(""), directory: folder.path)
      _ = try await first.object("a checkpoint") { $0.event == "checkpoint_saved" }
      first.signal(SIGSTOP)
      try FileManager.default.removeItem(atPath: folder.path("run"))
      let second = try await EndToEnd.recordDemo(steps: 6, in: folder)
      #expect(second.ending == .exited(0), "\(second.errors)")
      let before = Self.contents(folder.path("run"))
      first.signal(SIGCONT)
      #expect(try await first.end() == .exited(5))
      let complaints: [String] = first.errors.split(separator: "\n").map(String.init).filter { $0.hasPrefix("error: ") }
      let sentence =
        "error: run: the session folder was removed, or replaced by another, while the run was writing it; the run has "
        + "ended and touches nothing there any more"
      #expect(complaints == [sentence], "\(first.errors)")
      #expect(Self.contents(folder.path("run")) == before)
    }

    @Test("a run whose folder is gone ends with 5 and makes no new one")
    func removed() async throws {
      let folder = try TemporaryFolder()
      let run = try LiveProgram(Self.long, input: .text(""), directory: folder.path)
      _ = try await run.object("a step") { $0.isStep }
      // Moved away in one instant, so that nothing is written while it goes.
      try FileManager.default.moveItem(atPath: folder.path("run"), toPath: folder.path("gone"))
      #expect(try await run.end() == .exited(5))
      #expect(run.errors.contains("error: run: the session folder was removed"), "\(run.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["gone"])
    }

    @Test("a folder with another trainer's checkpoint is refused and left as it is")
    func foreign() async throws {
      let folder = try TemporaryFolder()
      try Self.putForeign("run/checkpoint-100", in: folder)
      let result = try await EndToEnd.recordDemo(steps: 1, in: folder)
      #expect(result.ending == .exited(2))
      #expect(
        result.complaints == [
          "error: run holds checkpoint-100, which is no checkpoint of this run; name another folder with --session, or move "
            + "it away"
        ])
      #expect(
        try FileManager.default.subpathsOfDirectory(atPath: folder.path("run")).sorted() == [
          "checkpoint-100", "checkpoint-100/adapter_model.safetensors",
        ])
    }

    @Test("what comes into the folder later is neither counted, exported nor removed")
    func later() async throws {
      let folder = try TemporaryFolder()
      let run = try LiveProgram(
        EndToEnd.headlessDemo(
          steps: 6,
          [
            "--set", "training.save_steps=2", "--set", "training.save_total_limit=1", "--session", "run", "--control",
            "-",
          ]), directory: folder.path)
      try run.send(#"{"command": "pause"}"#)
      _ = try await run.object("the pause") { $0.event == "paused" }
      try Self.putForeign("run/checkpoint-100", in: folder)
      try run.send(#"{"command": "resume"}"#)
      #expect(try await run.end() == .exited(0), "\(run.errors)")
      let checkpoint = try #require(run.objects.last?.text("checkpoint"))
      #expect(checkpoint.hasSuffix("/checkpoint-6"))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path("run")).filter { $0.hasPrefix("checkpoint") }
          .sorted() == ["checkpoint-100", "checkpoint-6"])
      let exported = try await Program.run(["export", "run", "--to", "out"], directory: folder.path)
      #expect(exported.ending == .exited(0), "\(exported.errors)")

      let removed = try await Program.run(["sessions", "rm", "run"], directory: folder.path)
      #expect(removed.ending == .exited(0))
      #expect(
        removed.errors == "warning: run: kept, because the session did not write it: checkpoint-100\n",
        "\(removed.errors)")
      #expect(
        try FileManager.default.subpathsOfDirectory(atPath: folder.path("run")).sorted() == [
          "checkpoint-100", "checkpoint-100/adapter_model.safetensors",
        ])
      #expect(folder.text("run/checkpoint-100/adapter_model.safetensors") == "theirs")
    }

    @Test("without a good checkpoint resume begins at the start, says so, and has the same numbers")
    func fromTheStart() async throws {
      let folder = try TemporaryFolder()
      let run = try LiveProgram(Self.long, input: .text(""), directory: folder.path)
      _ = try await run.object("the second checkpoint") { $0.event == "checkpoint_saved" && $0.integer("step") == 10 }
      run.signal(SIGTERM)
      #expect(try await run.end() == .exited(130))
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path("run"))
      where name.hasPrefix("checkpoint-") {
        try folder.write("run/\(name)/adapter_model.safetensors", "damaged")
      }
      let on = try LiveProgram(["resume", "run", "--headless"], input: .text(""), directory: folder.path)
      _ = try await on.object("step 10") { $0.isStep && $0.integer("step") == 10 }
      on.signal(SIGTERM)
      #expect(try await on.end() == .exited(130))
      #expect(
        on.errors.contains(
          "warning: run: no checkpoint is left that reads back whole; the run goes on from the start, step 0"),
        "\(on.errors)")
      func steps(_ run: LiveProgram) -> [String] {
        run.objects.filter(\.isStep).prefix(10).map(\.lineWithoutTime)
      }
      #expect(steps(on) == steps(run))
      #expect(steps(on).count == 10)
    }

    @Test("a run that keeps one checkpoint and replaces it all the time can be branched")
    func branchOfALiveRun() async throws {
      let folder = try TemporaryFolder()
      let parent = try LiveProgram(
        EndToEnd.headlessDemo(
          steps: 100_000,
          ["--set", "training.save_steps=1", "--set", "training.save_total_limit=1", "--session", "run"]),
        input: .text(""), directory: folder.path)
      _ = try await parent.object("a checkpoint") { $0.event == "checkpoint_saved" }
      for number in 1...4 {
        let branch = try LiveProgram(
          ["branch", "run", "--headless", "--session", "branch-\(number)"], input: .text(""), directory: folder.path)
        _ = try await branch.object("a step of the branch") { $0.isStep }
        branch.signal(SIGKILL)
        _ = try await branch.end()
      }
      parent.signal(SIGTERM)
      #expect(try await parent.end() == .exited(130))
      // What the branches held back is gone by now.
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("run"))
      #expect(names.count { $0.hasPrefix("checkpoint-") } == 1)
    }
  }
}
