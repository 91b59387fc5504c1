import Foundation
import Testing

extension EndToEnd {
  /// However the program ends, the terminal is a terminal again.
  @Suite("the terminal is put back")
  struct TerminalRestore {
    @Test("TERM and INT: saved, put back, 130", arguments: [SIGTERM, SIGINT])
    func savedBySignal(signal: Int32) async throws {
      let demo = try DemoScreen()
      try await demo.waitForStep(2)
      #expect(demo.screen.isAlternate && !demo.screen.isCursorVisible)
      #expect(demo.terminal.mode?.isCanonical == false)
      // INT as the keyboard sends it.
      if signal == SIGINT { demo.terminal.type("\u{3}") } else { demo.terminal.signal(signal) }
      #expect(try await demo.terminal.end() == .exited(130))
      demo.expectRestored()
      let last = try #require(demo.record.last)
      #expect(last.event == "finished")
      #expect(last.text("reason") == "interrupted")
      let step = try #require(last.integer("step"))
      #expect(demo.steps.last?.integer("step") == step)
      #expect(demo.file("checkpoint-\(step)/adapter_model.safetensors"))
      // What was saved is said where it stays to be read.
      demo.terminal.expectShown("checkpoint-\(step)")
    }

    @Test("TERM while paused")
    func savedWhilePaused() async throws {
      let demo = try DemoScreen()
      try await demo.waitForStep(2)
      let at = try await demo.pause()
      demo.terminal.signal(SIGTERM)
      #expect(try await demo.terminal.end() == .exited(130))
      demo.expectRestored()
      #expect(demo.record.last?.integer("step") == at)
      #expect(demo.file("checkpoint-\(at)/adapter_model.safetensors"))
    }

    @Test("a closed window: HUP saves as well")
    func hangUp() async throws {
      let demo = try DemoScreen()
      try await demo.waitForStep(2)
      demo.terminal.hangUp()
      let ending = try await demo.terminal.end()
      #expect(ending == .exited(130) || ending == .signalled(SIGHUP), "\(ending)")
      let last = try #require(demo.record.last)
      #expect(last.text("reason") == "interrupted")
      #expect(demo.file("checkpoint-\(last.integer("step") ?? 0)/adapter_model.safetensors"))
    }

    @Test(
      "a crash puts the terminal back and dies of its signal",
      arguments: [SIGSEGV, SIGABRT, SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGQUIT])
    func crash(signal: Int32) async throws {
      let demo = try DemoScreen(rows: 24, columns: 80)
      try await demo.waitForStep(1)
      #expect(demo.screen.isAlternate)
      demo.terminal.signal(signal)
      #expect(try await demo.terminal.end() == .signalled(signal))
      demo.expectRestored()
    }

    @Test("a signal from outside ends the program also where Swift would print a backtrace and go on")
    func crashWithBacktraces() async throws {
      let demo = try DemoScreen(rows: 24, columns: 80, environment: ["SWIFT_BACKTRACE": "enable=yes"])
      try await demo.waitForStep(1)
      demo.terminal.signal(SIGSEGV)
      #expect(try await demo.terminal.end() == .signalled(SIGSEGV))
      demo.expectRestored()
    }

    @Test("a Swift trap in the program itself", arguments: ["screen", "queue"])
    func trap(thread: String) async throws {
      let terminal = try TerminalSession([thread], command: Program.beside("trap-screen"), rows: 24, columns: 80)
      try await terminal.wait("the screen is drawn") { $0.isAlternate && $0.text.contains { $0.contains("RUNNING") } }
      #expect(terminal.mode?.isCanonical == false)
      terminal.type(" ")
      let ending = try await terminal.end()
      #expect(ending == .signalled(SIGILL) || ending == .signalled(SIGTRAP), "\(ending)")
      terminal.expectRestored()
    }

    @Test("Ctrl-Z gives the terminal to the shell, fg takes it again")
    func suspended() async throws {
      let folder = try TemporaryFolder()
      let terminal = try TerminalSession(
        ["-i", "-m"], command: "/bin/sh", rows: 24, columns: 80,
        environment: ["WORKBENCH": Program.path, "PS1": "shell> ", "ENV": ""], directory: folder.path)
      try await terminal.waitFor("shell>")
      let shellMode = terminal.mode
      let arguments = EndToEnd.quick.joined(separator: " ")
      try await terminal.type(
        "\"$WORKBENCH\" demo --session run --set training.max_steps=100000 \(arguments)\r", showing: "RUNNING")
      try await terminal.wait("a panel is drawn") { $0.isAlternate && $0.panel("loss") != nil }

      terminal.type("\u{1a}")
      try await terminal.wait("the shell is back") { !$0.isAlternate && $0.text.last { !$0.isEmpty } == "shell>" }
      #expect(terminal.mode == shellMode)
      #expect(terminal.screen.isCursorVisible)
      terminal.type("echo between\r")
      try await terminal.wait("the shell works") { $0.text.contains("between") }

      terminal.type("fg\r")
      try await terminal.wait("the screen is back") {
        $0.isAlternate && !$0.isCursorVisible && $0.panel("loss") != nil && $0.text[0].contains("RUNNING")
      }
      #expect(terminal.mode?.isCanonical == false)
      try await terminal.type("q", showing: "leave the workbench?")
      terminal.type("s")
      try await terminal.wait("the shell is back for good") {
        !$0.isAlternate && $0.text.last { !$0.isEmpty } == "shell>"
      }
      terminal.type("echo status $?\r")
      try await terminal.wait("the status") { $0.text.contains("status 0") }
      #expect(terminal.mode == shellMode)
      terminal.type("exit\r")
      #expect(try await terminal.end() == .exited(0))
    }

    @Test("an error on the way to the screen is read on a working terminal")
    func errorBeforeTraining() async throws {
      let folder = try TemporaryFolder()
      try folder.write("RUN.yaml", EndToEnd.runFile(train: "absent.jsonl"))
      let terminal = try TerminalSession(["train", "RUN.yaml"], rows: 24, columns: 80, directory: folder.path)
      try await terminal.wait("the error is shown") { $0.contains("absent.jsonl: no such file") }
      if terminal.screen.isAlternate { terminal.type("q") }
      #expect(try await terminal.end() == .exited(3))
      terminal.expectShown("error: absent.jsonl: no such file")
      #expect(!terminal.screen.isAlternate)
      #expect(terminal.mode == terminal.modeBefore)
    }
  }
}
