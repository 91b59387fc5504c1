import Foundation
import Testing

/// The demo on a screen, with its session folder: what is shown can be held against what was recorded.
final class DemoScreen {
  let terminal: TerminalSession
  private let folder: TemporaryFolder

  /// - Parameter steps: optimizer steps of the run; the γ staircase spans them.
  init(rows: Int = 36, columns: Int = 120, steps: Int = 100_000, environment: [String: String] = [:]) throws {
    folder = try TemporaryFolder()
    terminal = try TerminalSession(
      ["demo", "--session", "run", "--set", "training.max_steps=\(steps)"] + EndToEnd.quick, rows: rows,
      columns: columns, environment: environment, directory: folder.path)
  }

  var screen: ScreenEmulator { terminal.screen }

  /// The session's record so far, as headless lines.
  var record: [JSONObject] { SessionRecord.objects(folder.path("run")) }

  var steps: [JSONObject] { record.filter(\.isStep) }

  func file(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.path("run/\(name)")) }

  var shownStep: Int? { screen.shownStep }

  /// The number after "PAUSED at ".
  var pausedAt: Int? {
    screen.text.first?.firstMatch(of: /PAUSED at (\d+)/).flatMap { Int($0.1) }
  }

  func waitForStep(_ number: Int) async throws {
    try await terminal.wait("step \(number) is shown") { _ in (shownStep ?? 0) >= number }
  }

  /// Space, until the screen says where it stands.
  func pause() async throws -> Int {
    try await terminal.type(" ", showing: "PAUSED at ")
    return try #require(pausedAt)
  }

  func waitForRecord(_ what: String, _ condition: (JSONObject) -> Bool) async throws -> JSONObject {
    var found: JSONObject?
    try await terminal.wait("the record holds \(what)") { _ in
      found = record.last(where: condition)
      return found != nil
    }
    return try #require(found)
  }

  /// Leaves by the keyboard: the run is stopped and saved.
  func leave() async throws -> ChildProcess.Ending {
    try await terminal.type("q", showing: "leave the workbench?")
    terminal.type("s")
    return try await terminal.end()
  }

  func expectRestored(_ location: SourceLocation = #_sourceLocation) { terminal.expectRestored(location) }
}

extension ScreenEmulator {
  /// The step that the status line shows.
  var shownStep: Int? { text.first?.firstMatch(of: /step (\d+)/).flatMap { Int($0.1) } }
}
