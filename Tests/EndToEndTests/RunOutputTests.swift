import Foundation
import Testing

extension EndToEnd {
  /// Standard output that does not take what a run has to say.
  @Suite("output of a run")
  struct RunOutput {
    private static let paused =
      "; training is paused and goes on by itself when it can be written again"

    private func shell(_ script: String, in folder: TemporaryFolder) throws -> LiveProgram {
      try LiveProgram(
        command: ["/bin/sh", "-c", script], input: .text(""), environment: ["WORKBENCH": Program.path],
        directory: folder.path)
    }

    private func words(_ arguments: [String]) -> String { arguments.map { "'\($0)'" }.joined(separator: " ") }

    private func waitForPause(_ run: LiveProgram) async throws {
      _ = try await Patience.wait { run.errors.contains(Self.paused) }
      #expect(run.errors.contains("error: standard output: cannot be written: "), "\(run.errors)")
    }

    @Test("a disk without room pauses the run; with room it goes on, and no line is missing")
    func room() async throws {
      let folder = try TemporaryFolder()
      // A file that is as long as a file may be, for this process: no byte fits behind its end. Emptied, it has room.
      try folder.write("lines", "")
      let lines = try FileHandle(forWritingTo: folder.url("lines"))
      try lines.truncate(atOffset: 1 << 30)
      let run = try shell(
        #"ulimit -f 262144; exec "$WORKBENCH" \#(words(EndToEnd.headlessDemo(steps: 5, ["--session", "run"]))) >> lines"#,
        in: folder)
      try await waitForPause(run)
      #expect(SessionRecord.objects(folder.path("run")).allSatisfy { !$0.isStep })
      try lines.truncate(atOffset: 0)
      #expect(try await run.end() == .exited(0), "\(run.errors)")
      let printed = folder.text("lines").split(separator: "\n").compactMap { JSONObject(String($0)) }
      #expect(printed.filter(\.isStep).compactMap { $0.integer("step") } == [1, 2, 3, 4, 5])
      #expect(printed.last?.event == "finished")
      let record = SessionRecord.objects(folder.path("run"))
      #expect(printed.map(SessionRecord.comparable) == record.map(SessionRecord.comparable))
      #expect(run.errors.components(separatedBy: Self.paused).count == 2, "said once: \(run.errors)")
    }

    @Test(
      "told to stop meanwhile, it saves and ends with 5",
      .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no /dev/full"))
    func stop() async throws {
      let folder = try TemporaryFolder()
      let run = try shell(
        #"exec "$WORKBENCH" \#(words(EndToEnd.headlessDemo(steps: 5, ["--session", "run"]))) > /dev/full"#, in: folder)
      try await waitForPause(run)
      run.signal(SIGTERM)
      #expect(try await run.end() == .exited(5), "\(run.errors)")
      let last: String = run.errors.split(separator: "\n").last.map(String.init) ?? ""
      let sentence =
        "error: standard output: cannot be written: No space left on device; the lines that are missing are in the "
        + "session's record"
      #expect(last == sentence)
      let record = SessionRecord.objects(folder.path("run"))
      #expect(record.last?.event == "finished" && record.last?.text("reason") == "interrupted")
      let on = try await Program.run(["resume", "run", "--headless"], directory: folder.path)
      #expect(on.ending == .exited(0), "\(on.errors)")
      #expect(on.objects.filter(\.isStep).compactMap { $0.integer("step") } == [1, 2, 3, 4, 5])
    }

    @Test("without a standard output nothing begins; without standard error its number is no file's")
    func closed() async throws {
      let folder = try TemporaryFolder()
      let run = words(EndToEnd.headlessDemo(steps: 2, ["--session", "run"]))
      let none = try await Program.shell(#""$WORKBENCH" \#(run) >&-"#, directory: folder.path)
      #expect(none.ending == .exited(5))
      #expect(none.complaints == ["error: standard output: cannot be written: it is closed"], "\(none.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
      let silent = try await Program.shell(#""$WORKBENCH" \#(run) <&- 2>&-"#, directory: folder.path)
      #expect(silent.ending == .exited(0))
      #expect(silent.objects.last?.event == "finished")
      #expect(folder.text("run/.lock").isEmpty)
    }
  }
}
