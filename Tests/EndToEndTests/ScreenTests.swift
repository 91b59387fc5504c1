import Foundation
import Testing

extension EndToEnd {
  @Suite("the screen")
  struct Screen {
    static let panels = ["loss", "γ schedule", "reward margins", "sampled", "prompts", "ranked responses"]

    @Test("all panels are drawn and move", arguments: [(36, 120), (24, 80)])
    func panels(rows: Int, columns: Int) async throws {
      let demo = try DemoScreen(rows: rows, columns: columns, steps: 100)
      try await demo.waitForStep(1)
      try await demo.terminal.wait("every panel is complete") { screen in
        Self.panels.allSatisfy { screen.panel($0) != nil }
      }
      let early = demo.screen
      #expect(early.corners == early.panels.count, "\(demo.terminal.picture)")
      // The run goes to its end; the screen stays.
      try await demo.terminal.wait("the run is over", within: 120) { _ in demo.shownStep == 100 }
      try await demo.terminal.waitFor("COMPLETED")
      let late = demo.screen
      for name in Self.panels {
        let before = try #require(early.panel(name))
        let after = try #require(late.panel(name), "\(demo.terminal.picture)")
        #expect(before != after, "\(name) did not move")
        #expect(after.rows.contains { $0.contains { !$0.isWhitespace } }, "\(name) is empty")
      }
      // The staircase's first two of five stairs are below zero.
      #expect(early.panel("γ schedule")?.title.contains("now -") == true)
      #expect(late.panel("γ schedule")?.title.contains("now +5.00") == true)

      // What is shown is what was recorded.
      let last = try #require(demo.steps.last)
      #expect(last.integer("step") == 100)
      let status = late.text[0]
      #expect(status.contains(String(format: "loss %.4f", try #require(last.number("loss")))), "\(status)")
      #expect(status.contains("γ +5.00"), "\(status)")
      #expect(late.unknown.isEmpty, "\(late.unknown)")

      // A finished run is left without a question.
      demo.terminal.type("q")
      #expect(try await demo.terminal.end() == .exited(0))
      demo.expectRestored()
      demo.terminal.expectShown("completed after 100 steps")
    }

    @Test("Space pauses, says where, and nothing is trained until it is asked for")
    func pause() async throws {
      let demo = try DemoScreen()
      try await demo.waitForStep(3)
      let at = try await demo.pause()
      let answer = try await demo.waitForRecord("the pause") { $0.event == "pause" }
      #expect(answer.integer("effect_step") == at)
      #expect(answer.text("origin") == "you")
      #expect(demo.steps.last?.integer("step") == at)

      // One step, and paused again.
      try await demo.terminal.type(">", showing: "PAUSED at \(at + 1)")
      #expect(demo.steps.last?.integer("step") == at + 1)
      #expect(demo.shownStep == at + 1)

      try await demo.terminal.type(" ", showing: "RUNNING")
      _ = try await demo.waitForRecord("the third step after it") { $0.isStep && $0.integer("step") == at + 3 }
      #expect(demo.steps.compactMap { $0.integer("step") }.prefix(at + 3) == Array(1...(at + 3))[...])
      #expect(try await demo.leave() == .exited(0))
      demo.expectRestored()
      #expect(demo.record.last?.event == "finished")
      #expect(demo.record.last?.text("reason") == "stopped")
      let step = try #require(demo.record.last?.integer("step"))
      #expect(demo.file("checkpoint-\(step)/adapter_model.safetensors"))
      demo.terminal.expectShown("stopped after \(step) steps")
      demo.terminal.expectShown("checkpoint-\(step)")
    }

    @Test("pausing, stepping and looking change no number: the screen's run is the headless run")
    func sameNumbers() async throws {
      let headless = try await Program.run(EndToEnd.headlessDemo(steps: 60))
      let demo = try DemoScreen(steps: 60)
      try await demo.waitForStep(2)
      let at = try await demo.pause()
      // The inspector scores all responses of a prompt with the present policy.
      try await demo.terminal.type("3i", showing: "scored at step")
      try await demo.terminal.type(">", showing: "PAUSED at \(at + 1)")
      try await demo.terminal.type("1 ", showing: "COMPLETED")
      let numbers = demo.steps.map(\.lineWithoutTime)
      #expect(numbers.count == 60)
      #expect(numbers == headless.objects.filter(\.isStep).map(\.lineWithoutTime))
      demo.terminal.type("q")
      #expect(try await demo.terminal.end() == .exited(0))
    }

    @Test("q and p: paused, saved, left")
    func leaveSaved() async throws {
      let demo = try DemoScreen()
      try await demo.waitForStep(2)
      try await demo.terminal.type("q", showing: "leave the workbench?")
      // c stays.
      demo.terminal.type("c")
      try await demo.terminal.wait("the question is gone") { !$0.contains("leave the workbench?") }
      try await demo.waitForStep((demo.shownStep ?? 0) + 1)
      try await demo.terminal.type("q", showing: "leave the workbench?")
      demo.terminal.type("p")
      #expect(try await demo.terminal.end() == .exited(0))
      demo.expectRestored()
      let step = try #require(demo.steps.last?.integer("step"))
      #expect(demo.file("checkpoint-\(step)/trainer_state.json"))
      demo.terminal.expectShown("checkpoint-\(step)")
    }

    /// Types a value into the γ strip and applies it, also where it asks again.
    private func setGamma(_ demo: DemoScreen, _ text: String) async throws -> JSONObject {
      let before = demo.record.count { $0.event == "set" }
      try await demo.terminal.type("g", showing: "edit γ")
      demo.terminal.type(text)
      try await demo.terminal.wait("the what-if is drawn") { $0.contains("→  \(text)") && $0.contains("what-if") }
      demo.terminal.type("\r")
      try await demo.terminal.wait("the strip closes or asks again") {
        !$0.contains("edit γ") || $0.contains("Enter again")
      }
      if demo.screen.contains("Enter again") { demo.terminal.type("\r") }
      try await demo.terminal.wait("γ was taken") { _ in demo.record.count { $0.event == "set" } > before }
      return try #require(demo.record.last { $0.event == "set" })
    }

    @Test("g edits γ during the run: it is in force from the step that was named, and the screen shows it")
    func gamma() async throws {
      let demo = try DemoScreen()
      try await demo.waitForStep(2)
      let answer = try await setGamma(demo, "1.5")
      #expect(answer.text("key") == "gamma")
      #expect(answer.text("origin") == "you")
      #expect(answer.number("old") == -5)
      #expect(answer.number("new") == 1.5)
      let from = try #require(answer.integer("effect_step"))
      try await demo.waitForStep(from + 2)
      try await demo.terminal.waitFor("γ +1.50")
      for step in demo.steps {
        #expect(step.number("gamma") == (try #require(step.integer("step")) < from ? -5 : 1.5))
      }
      // Esc leaves everything as it is; so does what is no number.
      try await demo.terminal.type("g", showing: "edit γ")
      try await demo.terminal.type("nan\r", showing: "γ cannot be NaN")
      demo.terminal.type("\u{1b}")
      try await demo.terminal.wait("the strip closes") { !$0.contains("edit γ") }

      // The same while paused: the value waits for the next step.
      let at = try await demo.pause()
      let second = try await setGamma(demo, "-0.5")
      #expect(second.integer("request_step") == at)
      #expect(second.integer("effect_step") == at + 1)
      try await demo.terminal.type(">", showing: "PAUSED at \(at + 1)")
      #expect(demo.steps.last?.number("gamma") == -0.5)
      #expect(demo.steps.dropLast().last?.number("gamma") == 1.5)
      #expect(try await demo.leave() == .exited(0))
      demo.expectRestored()
    }

    @Test("every tab and the help draw complete boxes and leave nothing behind")
    func tabs() async throws {
      let demo = try DemoScreen(steps: 100_000)
      try await demo.waitForStep(2)
      _ = try await demo.pause()
      let charts = demo.screen.panels.map(\.title)
      for key in ["2", "3", "4", "5", "6", "7"] {
        let updates = demo.screen.updates
        demo.terminal.type(key)
        try await demo.terminal.wait("the frame after \(key)") { $0.updates > updates }
        #expect(demo.screen.corners == demo.screen.panels.count, "\(key)\n\(demo.terminal.picture)")
        try await expectRepaintChangesNothing(demo)
      }
      demo.terminal.type("1")
      try await demo.terminal.wait("the first tab is back") { $0.panels.map(\.title) == charts }
      let under = demo.screen
      demo.terminal.type("?")
      try await demo.terminal.wait("the help is open") { $0.panel("keys") != nil }
      demo.terminal.type("\u{1b}")
      try await demo.terminal.wait("the help is closed") { $0.panel("keys") == nil }
      #expect(demo.screen.visible == under.visible, "\(demo.terminal.picture)")
      try await expectRepaintChangesNothing(demo)
      #expect(try await demo.leave() == .exited(0))
      demo.expectRestored()
    }

    /// Ctrl-L paints everything anew: it must show what the differences had led to.
    private func expectRepaintChangesNothing(_ demo: DemoScreen) async throws {
      for _ in 0..<3 {
        let before = demo.screen
        demo.terminal.type("\u{c}")
        try await demo.terminal.wait("everything is painted anew") {
          $0.erasures > before.erasures && $0.updates > before.updates
        }
        let after = demo.screen
        let different = after.visible.indices.filter { after.visible[$0] != before.visible[$0] }
        // A message in the last line goes by itself after some seconds: look again.
        if different == [after.rows - 1] { continue }
        let lines = different.map { "\($0): \(before.text[$0])\n\($0): \(after.text[$0])" }
        #expect(different.isEmpty, "the screen was not what its program believed:\n\(lines.joined(separator: "\n"))")
        return
      }
      Issue.record("the last line never rests")
    }

    @Test("any size, in the middle of training and while paused")
    func resizing() async throws {
      let demo = try DemoScreen()
      try await demo.waitForStep(2)
      // Columns × rows: small ones lose panels, and one row is one status line.
      let sizes = [(60, 18), (40, 10), (200, 50), (20, 4), (1, 1), (80, 24), (120, 36)]
      for paused in [false, true] {
        if paused { _ = try await demo.pause() }
        for (columns, rows) in sizes {
          let before = demo.screen
          demo.terminal.resize(rows: rows, columns: columns)
          try await demo.terminal.wait("a whole frame at \(columns)×\(rows)") {
            $0.erasures > before.erasures && $0.updates > before.updates && $0.text.contains { !$0.isEmpty }
          }
          if columns >= 40 {
            let word = paused ? "PAUSED" : "RUNNING"
            try await demo.terminal.wait("the status at \(columns)×\(rows)") { $0.text[0].contains(word) }
            try await demo.terminal.wait("complete boxes at \(columns)×\(rows)") {
              $0.corners == $0.panels.count && !$0.panels.isEmpty
            }
          }
          if paused { try await expectRepaintChangesNothing(demo) }
        }
        for name in Self.panels { #expect(demo.screen.panel(name) != nil, "\(demo.terminal.picture)") }
      }
      #expect(demo.screen.unknown.isEmpty, "\(demo.screen.unknown)")
      #expect(try await demo.leave() == .exited(0))
      demo.expectRestored()
    }

    @Test("--control belongs to --headless")
    func controlWithScreen() async throws {
      let terminal = try TerminalSession(["demo", "--control", "-"], rows: 24, columns: 80)
      #expect(try await terminal.end() == .exited(2))
      terminal.expectShown("error: --control goes with --headless")
    }

    @Test("a theme that is not there")
    func theme() async throws {
      let terminal = try TerminalSession(["demo", "--theme", "nowhere"] + EndToEnd.quick, rows: 24, columns: 80)
      #expect(try await terminal.end() == .exited(2))
      terminal.expectShown("error: ")
      terminal.expectShown("nowhere")
    }

    @Test("a terminal that cannot draw is refused in words", arguments: ["dumb", "no-such-terminal"])
    func poorTerminal(name: String) async throws {
      let terminal = try TerminalSession(["demo"], rows: 24, columns: 80, environment: ["TERM": name])
      let ending = try await terminal.end()
      #expect(ending == .exited(2), "\(terminal.picture)")
      terminal.expectShown("error: the terminal")
      #expect(terminal.mode == terminal.modeBefore)
    }

    @Test("NO_COLOR draws without colours")
    func noColour() async throws {
      let terminal = try TerminalSession(
        ["demo", "--set", "training.max_steps=3"] + EndToEnd.quick, rows: 24, columns: 80,
        environment: ["NO_COLOR": "1"])
      try await terminal.waitFor("COMPLETED")
      let coloured = terminal.screen.cells.joined().filter {
        $0.style.foreground != nil || $0.style.background != nil
      }
      #expect(coloured.isEmpty)
      terminal.type("q")
      #expect(try await terminal.end() == .exited(0))
    }

    @Test("--glyphs ascii writes nothing but ASCII of its own")
    func ascii() async throws {
      let terminal = try TerminalSession(
        ["demo", "--glyphs", "ascii", "--set", "training.max_steps=3"] + EndToEnd.quick, rows: 24, columns: 80,
        environment: ["LANG": "C"])
      try await terminal.waitFor("COMPLETED")
      #expect(terminal.raw.allSatisfy { $0 < 0x80 }, "\(terminal.picture)")
      terminal.type("q")
      #expect(try await terminal.end() == .exited(0))
    }
  }
}
