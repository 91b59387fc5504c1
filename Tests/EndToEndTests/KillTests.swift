import Checkpoint
import Control
import Foundation
import GRDB
import Session
import Testing
import Training

extension EndToEnd {
  /// A run is killed again and again, at moments that nobody chose, and gone on with.
  @Suite("kill and resume")
  struct Kills {
    private static let kills = ProcessInfo.processInfo.environment["WORKBENCH_SOAK"] == nil ? 10 : 100
    private static let steps = 14 * kills

    private static func arguments(_ more: [String]) -> [String] {
      EndToEnd.headlessDemo(steps: steps, ["--set", "training.save_steps=5", "--control", "-"] + more)
    }

    /// Step lines without the time that they took.
    private func numbers(_ lines: [JSONObject]) -> [String] {
      lines.filter(\.isStep).map(\.lineWithoutTime)
    }

    @Test("nothing is lost: the record is whole, checkpoints load, and the numbers are those of a run never stopped")
    func kills() async throws {
      let folder = try TemporaryFolder()
      let session = folder.path("run")
      var acknowledged: [(id: Int, line: String)] = []
      for round in 0..<Self.kills {
        // A process that was killed while it loaded has left nothing to go on with.
        let command =
          (try? SessionResume(session: session, force: false)) == nil
          ? Self.arguments(["--session", "run"]) : ["resume", "run", "--headless", "--control", "-"]
        let run = try LiveProgram(command, directory: folder.path)
        // A change that changes nothing: what counts is that its answer is never lost.
        try run.send(#"{"command": "set", "key": "beta", "value": 0.3, "id": \#(1000 + round)}"#)
        let wanted = Int.random(in: 0...14)
        _ = try await Patience.wait { run.objects.count(where: \.isStep) >= wanted }
        usleep(UInt32.random(in: 0...30_000))
        run.signal(SIGKILL)
        #expect(try await run.end() == .signalled(SIGKILL), "\(run.errors)")
        acknowledged += run.objects.compactMap { object in
          object.event == "set" ? object.integer("id").map { ($0, object.line) } : nil
        }
        guard FileManager.default.fileExists(atPath: session + "/session.db") else {
          #expect(acknowledged.isEmpty)
          continue
        }
        try check(session, acknowledged)
      }
      let last = try await Program.run(["resume", "run", "--headless"], directory: folder.path)
      #expect(last.ending == .exited(0), "\(last.errors)")
      try check(session, acknowledged)

      // Another number of threads, and no interruption.
      let whole = try await Program.run(
        Self.arguments(["--session", "whole", "--set", "training.threads=1"]), directory: folder.path)
      let record = SessionRecord.objects(session)
      #expect(numbers(record).count == Self.steps)
      #expect(numbers(record) == numbers(whole.objects))
      #expect(record.last?.number("train_loss") == whole.objects.last?.number("train_loss"))
      for name in ["adapter_model.safetensors", "optimizer.safetensors"] {
        let path = "/checkpoint-\(Self.steps)/" + name
        #expect(
          FileManager.default.contents(atPath: session + path)
            == FileManager.default.contents(atPath: folder.path("whole") + path))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["run", "whole"])
    }

    /// What must hold after every kill.
    private func check(_ session: String, _ acknowledged: [(id: Int, line: String)]) throws {
      let database = try DatabaseQueue(path: session + "/session.db")
      #expect(try database.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") } == ["ok"])
      try database.close()
      guard let reader = try? SessionReader(folder: session) else {
        // Killed before the first event was written; then nothing can have been answered either.
        #expect(acknowledged.isEmpty)
        return
      }
      var answers: Set<Int> = []
      var checkpoints: [(step: Int, path: String)] = []
      try reader.forEach { recorded in
        if case .acknowledged(let answer) = recorded.event { answers.insert(answer.id) }
        if case .checkpoint(let step, let path) = recorded.event { checkpoints.append((step, path)) }
      }
      for (id, line) in acknowledged { #expect(answers.contains(id), "lost: \(line)") }
      let model = try CheckpointFolder(path: Project.Demo.model).configuration
      for saved in checkpoints {
        try CheckpointStore.verify(CheckpointStore.Saved(step: saved.step, path: saved.path), model: model)
      }
    }

    @Test("what cannot go on is refused in one sentence, and --force says what is different")
    func refusals() async throws {
      let folder = try TemporaryFolder()
      try folder.write("prefs.jsonl", EndToEnd.rows)
      try folder.write(
        "run.yaml", EndToEnd.runFile(train: "prefs.jsonl").replacing("max_steps: 2", with: "max_steps: 4"))
      let run = try LiveProgram(
        ["train", "run.yaml", "--headless", "--session", "s", "--control", "-"], directory: folder.path)
      try run.send(#"{"command": "pause"}"#)
      _ = try await run.object("the pause") { $0.event == "paused" }
      let second = try await Program.run(["resume", "s", "--headless"], directory: folder.path)
      #expect(second.ending == .exited(2))
      #expect(second.errors.contains("is writing this session"), "\(second.errors)")
      try run.send(#"{"command": "stop"}"#)
      #expect(try await run.end() == .exited(0), "\(run.errors)")

      func resume(_ more: [String] = []) async throws -> Program.Result {
        try await Program.run(["resume", "s", "--headless"] + more, directory: folder.path)
      }
      let file = folder.text("s/run.yaml")
      try folder.write("s/run.yaml", file.replacing("max_grad_norm: 1.0", with: "max_grad_norm: 0.5"))
      let edited = try await resume()
      #expect(edited.ending == .exited(2))
      #expect(
        edited.complaints == [
          "error: s: cannot be resumed: run.yaml was changed since (training.max_grad_norm); --force goes on with it as "
            + "it is now"
        ])
      try folder.write("s/run.yaml", file)

      try folder.write("prefs.jsonl", EndToEnd.rows.replacing("turtles", with: "tortoises"))
      let changed = try await resume()
      #expect(changed.ending == .exited(2))
      #expect(
        changed.complaints == [
          "error: s: the training data has changed; its numbers would not be those of the run so far; --force goes on "
            + "all the same"
        ])
      let forced = try await resume(["--force"])
      #expect(forced.ending == .exited(0), "\(forced.errors)")
      #expect(forced.errors.contains("resumed by force: the training data has changed"))
      #expect(forced.objects.last?.integer("step") == 4)

      let over = try await resume()
      #expect(over.complaints == ["error: s: cannot be resumed: the run is complete; no step is left"])
      let absent = try await Program.run(["resume", "nowhere"], directory: folder.path)
      #expect(absent.complaints == ["error: nowhere: no session is here (session.db is missing)"])
    }
  }
}
