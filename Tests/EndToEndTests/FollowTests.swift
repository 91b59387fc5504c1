import Foundation
import Testing

extension EndToEnd {
  /// Looking at runs of other processes: live ones and recorded ones.
  @Suite("attach and replay")
  struct Follow {
    private static func train(_ folder: TemporaryFolder, steps: Int) throws -> LiveProgram {
      try LiveProgram(EndToEnd.headlessDemo(steps: steps, ["--session", "run"]), directory: folder.path)
    }

    private static func shownStep(_ screen: ScreenEmulator) -> Int { screen.shownStep ?? 0 }

    @Test("a frame of a record is printed as text")
    func frame() async throws {
      let folder = try TemporaryFolder()
      try await EndToEnd.recordDemo(steps: 12, in: folder)
      let printed = try await Program.run(
        ["replay", "run", "--frame", "7", "--size", "100x30"], directory: folder.path)
      #expect(printed.ending == .exited(0) && printed.errors.isEmpty, "\(printed.errors)")
      #expect(printed.output.split(separator: "\n", omittingEmptySubsequences: false).count == 31)
      #expect(printed.lines[0].contains("REPLAY") && printed.lines[0].contains("step 7/12"), "\(printed.lines[0])")
      #expect(printed.output.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
      // The model and the data are not needed for it.
      let again = try await Program.run(
        ["replay", "run", "--frame", "7", "--size", "100x30"], directory: folder.path)
      #expect(again.output == printed.output)
      let beyond = try await Program.run(["replay", "run", "--frame", "13"], directory: folder.path)
      #expect(beyond.ending == .exited(2))
      #expect(beyond.complaints == ["error: --frame 13: the record ends with step 12"])
      let nowhere = try await Program.run(["replay", "nowhere", "--frame", "1"], directory: folder.path)
      #expect(nowhere.ending == .exited(2) && nowhere.complaints.count == 1, "\(nowhere.errors)")
      let over = try await Program.run(["attach", "run"], directory: folder.path)
      #expect(over.ending == .exited(2) && over.complaints.count == 1, "\(over.errors)")
    }

    @Test("the recorded run that comes with the program, also where nothing can be written beside it")
    func shipped() async throws {
      let shipped = Project.root.appendingPathComponent("sessions/household").path
      let files = try FileManager.default.contentsOfDirectory(atPath: shipped).sorted()
      let folder = try TemporaryFolder()
      let copy = folder.path("sessions/household")
      try FileManager.default.createDirectory(
        atPath: folder.path("sessions"), withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: shipped, toPath: copy)
      try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: copy)
      defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: copy) }
      // By its name in sessions/ as well.
      for session in ["sessions/household", "household"] {
        let printed = try await Program.run(["replay", session, "--frame", "120"], directory: folder.path)
        #expect(printed.ending == .exited(0) && printed.errors.isEmpty, "\(printed.errors)")
        #expect(printed.lines.first?.contains("step 120/200") == true, "\(printed.lines.first ?? "")")
        #expect(printed.output.contains("right and kind"))
      }
      // Reading leaves nothing behind, neither there nor in the checkout.
      _ = try await Program.run(["replay", shipped, "--frame", "1"])
      for path in [shipped, copy] {
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == files)
      }
      let resumed = try await Program.run(["resume", "household"], directory: folder.path)
      #expect(resumed.ending == .exited(2) && resumed.complaints.count == 1, "\(resumed.errors)")
    }

    @Test("a recording is played and left")
    func play() async throws {
      let folder = try TemporaryFolder()
      try await EndToEnd.recordDemo(steps: 12, in: folder)
      let terminal = try TerminalSession(["replay", "run"], directory: folder.path)
      try await terminal.wait("the record is played") { Self.shownStep($0) >= 2 }
      terminal.type(" ")
      try await terminal.type("\u{1b}[H", showing: "REPLAY")
      try await terminal.type("g", showing: "this is a recording, nothing is training")
      terminal.type("q")
      #expect(try await terminal.end() == .exited(0))
    }

    @Test("a follower sees the steps, takes the controls, and harms nothing when it dies")
    func attach() async throws {
      let folder = try TemporaryFolder()
      let run = try Self.train(folder, steps: 100_000)
      _ = try await run.object("step 2") { $0.integer("step") == 2 }
      let terminal = try TerminalSession(["attach", "run"], directory: folder.path)
      try await terminal.wait("steps are followed") { Self.shownStep($0) >= 3 }
      try await terminal.type("g", showing: "L takes the controls")
      try await terminal.type("L", showing: "you hold the controls")
      try await terminal.type(" ", showing: "PAUSED at ")
      let pause = try await run.object("the pause") { $0.event == "pause" }
      #expect(pause.text("origin")?.hasPrefix("screen ") == true)
      // What is shown is what was recorded.
      #expect(Self.shownStep(terminal.screen) == pause.integer("effect_step"))
      try await terminal.type(" ", showing: "RUNNING")
      terminal.signal(SIGKILL)
      _ = try await terminal.end()
      let seen = run.objects.compactMap { $0.isStep ? $0.integer("step") : nil }.max() ?? 0
      _ = try await run.object("a later step") { $0.isStep && ($0.integer("step") ?? 0) > seen + 2 }

      // The other way round: the writer dies, the follower says so and stays.
      let second = try TerminalSession(["attach", "run"], directory: folder.path)
      try await second.wait("steps are followed") { Self.shownStep($0) > seen }
      run.signal(SIGKILL)
      try await second.waitFor("its process died")
      second.type("q")
      #expect(try await second.end() == .exited(0))
    }

    @Test("a run goes on without its screen")
    func detach() async throws {
      let folder = try TemporaryFolder()
      let terminal = try TerminalSession(
        ["demo", "--session", "run", "--set", "training.max_steps=100000"] + EndToEnd.quick, rows: 36, columns: 120,
        directory: folder.path)
      try await terminal.wait("it trains") { Self.shownStep($0) >= 2 }
      try await terminal.type("q", showing: "leave the workbench?")
      terminal.type("d")
      #expect(try await terminal.end() == .exited(0))
      let said = terminal.screen.text.joined(separator: "\n")
      let pid = try #require(said.firstMatch(of: /process (\d+)/).flatMap { Int32($0.1) }, "\(said)")
      defer { kill(pid, SIGKILL) }
      let follower = try TerminalSession(["attach", "run"], directory: folder.path)
      try await follower.wait("it is followed") { Self.shownStep($0) >= 3 }
      let before = Self.shownStep(follower.screen)
      try await follower.wait("it goes on") { Self.shownStep($0) > before + 2 }
      follower.type("q")
      #expect(try await follower.end() == .exited(0))
    }

    @Test("without a command a terminal gets the start screen, anything else the help")
    func start() async throws {
      let folder = try TemporaryFolder()
      let help = try await Program.run([], directory: folder.path)
      #expect(help.ending == .exited(0) && help.output.contains("SUBCOMMANDS"))
      let terminal = try TerminalSession([], rows: 24, columns: 80, directory: folder.path)
      try await terminal.waitFor("no sessions yet")
      try await terminal.type("n", showing: "a new run")
      try await terminal.type("nowhere\t\t\t\r", showing: "config.json is missing")
      try await terminal.type("\u{1b}", showing: "no sessions yet")
      terminal.type("q")
      #expect(try await terminal.end() == .exited(0))
    }
  }
}
