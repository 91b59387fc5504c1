import Foundation
import Testing

extension EndToEnd {
  @Suite("--control")
  struct Control {
    @Test("pause, γ, single steps, resume and stop, each answered with the step from which it holds")
    func steering() async throws {
      let run = try LiveProgram(EndToEnd.headlessDemo(steps: 100_000, ["--control", "-"]))
      _ = try await run.object("a second step") { $0.isStep && $0.integer("step") == 2 }

      try run.send(#"{"command": "pause", "id": 1, "reason": "to look around"}"#)
      let pause = try await run.object("the answer to pause") { $0.event == "pause" }
      #expect(pause.keys == ["event", "id", "origin", "request_step", "effect_step", "reason"])
      #expect(pause.integer("id") == 1)
      #expect(pause.text("origin") == "control")
      #expect(pause.text("reason") == "to look around")
      let paused = try await run.object("the pause") { $0.event == "paused" }
      let at = try #require(paused.integer("step"))
      // The step under way was finished, and no other was begun.
      #expect(pause.integer("effect_step") == at)
      #expect(steps(run).last == at)

      try run.send(#"{"command": "set", "key": "gamma", "value": 2.5, "id": 2}"#)
      let set = try await run.object("the answer to set") { $0.event == "set" }
      #expect(set.text("key") == "gamma")
      #expect(set.integer("request_step") == at)
      #expect(set.integer("effect_step") == at + 1)
      #expect(set.number("old") == -5)
      #expect(set.number("new") == 2.5)

      try run.send(#"{"command": "step", "count": 2, "id": 3}"#)
      let step = try await run.object("the answer to step") { $0.event == "step" }
      #expect(step.integer("effect_step") == at + 1)
      _ = try await run.object("the pause after two steps") { $0.event == "paused" && $0.integer("step") == at + 2 }
      #expect(steps(run).last == at + 2)

      try run.send(#"{"command": "set", "key": "gamma", "value": 0.5, "ramp": 4, "id": 4}"#)
      _ = try await run.object("the answer to the ramp") { $0.event == "set" && $0.integer("id") == 4 }
      try run.send(#"{"command": "set", "key": "learning_rate", "value": 0.001, "id": 5}"#)
      let rate = try await run.object("the answer to the rate") { $0.integer("id") == 5 && $0.event == "set" }
      #expect(rate.integer("effect_step") == at + 3)
      #expect(rate.number("new") == 0.001)
      try run.send(#"{"command": "resume", "id": 6}"#)
      let resume = try await run.object("the answer to resume") { $0.event == "resume" }
      #expect(resume.integer("effect_step") == at + 3)
      _ = try await run.object("steps after the ramp") { $0.isStep && ($0.integer("step") ?? 0) >= at + 8 }

      try run.send(#"{"command": "stop", "id": 7}"#)
      let stop = try await run.object("the answer to stop") { $0.event == "stop" }
      #expect(try await run.end() == .exited(0))
      let last = try #require(run.objects.last)
      #expect(last.event == "finished")
      #expect(last.text("reason") == "stopped")
      #expect(stop.integer("effect_step") == last.integer("step"))

      try expectGamma(run, pausedAt: at)
      #expect(steps(run) == Array(1...(last.integer("step") ?? 0)), "no step is left out or repeated")
    }

    /// γ as the steps themselves report it: set behind step `at`, and a ramp of 4 steps behind step `at` + 2.
    private func expectGamma(_ run: LiveProgram, pausedAt at: Int) throws {
      for line in run.objects where line.isStep {
        let number = try #require(line.integer("step"))
        let gamma = try #require(line.number("gamma"))
        switch number {
        case ...at: #expect(gamma == -5)
        case at + 1, at + 2: #expect(gamma == 2.5)
        case (at + 6)...: #expect(gamma == 0.5, "the ramp of 4 steps ends with step \(at + 6)")
        default: #expect(gamma > 0.5 && gamma < 2.5)
        }
      }
    }

    private func steps(_ run: LiveProgram) -> [Int] { run.objects.filter(\.isStep).compactMap { $0.integer("step") } }

    @Test("a command that cannot be obeyed is refused in words and changes nothing")
    func refusals() async throws {
      let run = try LiveProgram(EndToEnd.headlessDemo(steps: 100_000, ["--control", "-"]))
      let lines: [(send: String, id: Int, message: String)] = [
        ("hello", 1, "not a JSON object"),
        (
          #"{"command": "jump"}"#, 2,
          "\"jump\" is not a command; the commands are pause, resume, step, checkpoint, stop, set, inspect"
        ),
        (
          #"{"command": "set", "key": "seed", "value": 1}"#, 3,
          "\"seed\" cannot be set during a run; these can: gamma, learning_rate, beta"
        ),
        (#"{"command": "set", "key": "gamma", "value": "high"}"#, 4, "value: not a number"),
        (#"{"command": "resume"}"#, 5, "the run is not paused"),
        (#"{"command": "step"}"#, 6, "single steps need a paused run"),
        (#"{"command": "set", "key": "gamma", "value": 1, "at": 1000000}"#, 7, "the run ends at step 100000"),
      ]
      _ = try await run.object("the first step") { $0.isStep }
      for line in lines {
        try run.send(line.send)
        let answer = try await run.object("the answer to \(line.send)") {
          $0.event == "refused" && $0.integer("id") == line.id
        }
        #expect(answer.text("message") == line.message)
      }
      try run.send(#"{"command": "stop"}"#)
      #expect(try await run.end() == .exited(0))
      #expect(run.objects.filter(\.isStep).allSatisfy { $0.number("gamma") == -5 })
    }

    @Test("commands by a FIFO, and a checkpoint that is there when it is answered")
    func fifo() async throws {
      let folder = try TemporaryFolder()
      #expect(mkfifo(folder.path("control"), 0o600) == 0)
      let run = try LiveProgram(
        EndToEnd.headlessDemo(steps: 100_000, ["--control", "control", "--session", "run"]), input: .text(""),
        directory: folder.path)
      _ = try await run.object("the first step") { $0.isStep }
      // Opening for reading and writing never waits for the other side.
      let fifo = try #require(FileHandle(forUpdatingAtPath: folder.path("control")))
      try fifo.write(contentsOf: Data((#"{"command": "pause"}"# + "\n" + #"{"command": "checkpoint"}"# + "\n").utf8))
      let saved = try await run.object("the answer to checkpoint") { $0.event == "checkpoint" }
      let path = try #require(saved.text("path"))
      let step = try #require(saved.integer("effect_step"))
      #expect(path.hasSuffix("checkpoint-\(step)"))
      #expect(FileManager.default.fileExists(atPath: folder.path("run/checkpoint-\(step)/trainer_state.json")))
      try fifo.write(contentsOf: Data((#"{"command": "stop"}"# + "\n").utf8))
      #expect(try await run.end() == .exited(0))
      #expect(run.objects.last?.text("reason") == "stopped")
      #expect(run.objects.last?.integer("step") == step)
    }

    @Test("a FIFO goes on working when its writers come and go")
    func fifoWriters() async throws {
      let folder = try TemporaryFolder()
      #expect(mkfifo(folder.path("control"), 0o600) == 0)
      let run = try LiveProgram(
        EndToEnd.headlessDemo(steps: 100_000, ["--control", "control"]), input: .text(""), directory: folder.path)
      for (id, command) in ["pause", "resume", "checkpoint", "stop"].enumerated() {
        // The shell opens the FIFO, which waits for a reader, and closes it again.
        let echo = try LiveProgram(
          command: ["/bin/sh", "-c", "echo '{\"command\": \"\(command)\", \"id\": \(id)}' > control"],
          input: .text(""), environment: [:], directory: folder.path)
        #expect(try await echo.end() == .exited(0), "\(command)")
        _ = try await run.object("the answer to \(command)") { $0.event == command && $0.integer("id") == id }
      }
      #expect(try await run.end() == .exited(0))
    }

    @Test("a line without end is refused at once, and the next line is read")
    func longLine() async throws {
      let run = try LiveProgram(EndToEnd.headlessDemo(steps: 100_000, ["--control", "-"]))
      try run.send(unfinished: String(repeating: "x", count: 1_000_000))
      let refused = try await run.object("the refusal of a line that has no end yet") { $0.event == "refused" }
      #expect(refused.keys == ["event", "id", "origin", "message"])
      #expect(refused.text("message") == "the line is longer than 16384 bytes, which no command is")
      #expect(refused.integer("id") == 1)
      try run.send("and its end")
      try run.send(#"{"command": "stop"}"#)
      let stop = try await run.object("the answer to stop") { $0.event == "stop" }
      #expect(stop.integer("id") == 2)
      #expect(try await run.end() == .exited(0))
      #expect(run.objects.filter { $0.event == "refused" }.count == 1)
    }

    @Test("the end of standard input is no command: the run goes on")
    func endOfInput() async throws {
      let run = try LiveProgram(EndToEnd.headlessDemo(steps: 4, ["--control", "-"]))
      try run.closeInput()
      #expect(try await run.end() == .exited(0))
      #expect(run.objects.last?.text("reason") == "completed")
    }
  }
}
