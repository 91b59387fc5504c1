import Foundation
import Testing

extension EndToEnd {
  /// Another program writes over a model's file in place while it is mapped: its pages vanish under the computation.
  @Suite("a model that becomes shorter while it is read")
  struct ShortenedFile {
    private func folder() throws -> TemporaryFolder {
      let folder = try TemporaryFolder()
      try FileManager.default.copyItem(atPath: Project.Demo.model, toPath: folder.path("model"))
      return folder
    }

    private func arguments(_ more: [String]) -> [String] {
      // In fp32 the weights would be converted into memory, and the file not be looked at again.
      [
        "demo", "--session", "run", "--set", "model=model", "--set", "training.max_steps=1000000", "--set",
        "training.precision=bf16",
      ] + EndToEnd.quick + more
    }

    private func shorten(_ folder: TemporaryFolder) throws {
      #expect(truncate(folder.path("model/model.safetensors"), 4096) == 0)
    }

    private func sentence(_ folder: TemporaryFolder) -> String {
      "error: \(folder.url("model/model.safetensors").resolvingSymlinksInPath().path) became shorter while it was read; "
        + "a file that is in use must not be written over in place"
    }

    @Test("without a screen: one sentence, exit code 4, and the record is whole")
    func headless() async throws {
      let folder = try folder()
      let run = try LiveProgram(arguments(["--headless"]), directory: folder.path)
      _ = try await run.object("a step") { $0.isStep }
      // The record follows by at most a tenth of a second.
      let recorded = try await Patience.wait {
        SessionRecord.objects(folder.path("run")).contains { $0.isStep }
      }
      #expect(recorded)
      try shorten(folder)
      #expect(try await run.end() == .exited(4), "\(run.errors)")
      #expect(run.errors.split(separator: "\n").last.map(String.init) == sentence(folder))
      #expect(SessionRecord.objects(folder.path("run")).contains { $0.isStep })
    }

    @Test("on the screen: the terminal is put back first")
    func screen() async throws {
      let folder = try folder()
      let terminal = try TerminalSession(arguments([]), rows: 36, columns: 200, directory: folder.path)
      try await terminal.wait("step 2 is shown") {
        ($0.shownStep ?? 0) >= 2
      }
      try shorten(folder)
      #expect(try await terminal.end() == .exited(4))
      terminal.expectRestored()
      terminal.expectShown("became shorter while it was read")
    }
  }
}
