import ArgumentParser
import Foundation
import GGUF
import RunFile
import Session
import Training
import WorkbenchScreen

/// `workbench` without a command, on a terminal: recent sessions, the demo, a new run.
struct StartMenu {
  /// Where runs keep themselves by default, relative to the current folder.
  static let folder = "sessions"
  /// Sessions listed; older ones are found by `workbench sessions`.
  private static let limit = 40

  let look: ScreenOptions

  /// Returns when the person has left, or a run begun here is over. A replay and a run that was followed come back here.
  func run() throws {
    try ThreadSupply.require(pool: 0)
    while true {
      let screen = try StartSession(options: look, sessions: Self.entries, check: Self.problem)
      switch try screen.run() {
      case .quit: return
      case .demo: return try leave(RunScreen(plan: DemoCommand.plan(overrides: [], session: nil), look: look).run())
      case .new(let run): return try leave(RunScreen(plan: Self.plan(run), look: look).run())
      case .resume(let path): return try perform(["resume", path])
      case .replay(let path): try perform(["replay", path])
      case .attach(let path): try perform(["attach", path])
      }
    }
  }

  /// As if it had been typed, with the look that was chosen.
  private func perform(_ arguments: [String]) throws {
    var look: [String] = ["--theme", self.look.theme.name]
    if let glyphs = self.look.glyphs { look += ["--glyphs", glyphs.rawValue] }
    var command = try Workbench.parseAsRoot(arguments + look)
    try command.run()
  }

  private func leave(_ status: ExitStatus) throws {
    if status != .done { throw ExitCode(status.rawValue) }
  }

  // MARK: Sessions

  private static func entries() -> [StartEntry] {
    SessionReader.list(in: folder).prefix(limit).map { path in
      let name = URL(fileURLWithPath: path).lastPathComponent
      do {
        let reader = try SessionReader(folder: path)
        let status: StartEntry.Status =
          switch try reader.status() {
          case .live: .live
          case .finished: .finished
          case .stopped: .stopped
          case .crashed: .crashed
          }
        let run = reader.description
        return StartEntry(
          path: path, name: name, status: status,
          detail: "step \(try reader.lastStep())/\(run.totalSteps), \(run.method) on \(run.modelName)",
          age: Age.text(since: try reader.lastSign()))
      } catch {
        return StartEntry(path: path, name: name, status: .unreadable, detail: "\(error)", age: "")
      }
    }
  }

  // MARK: A new run

  private static func problem(_ run: NewRun) -> String? {
    do {
      _ = try plan(run)
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// The run file that the form describes; everything else is at its default.
  private static func plan(_ run: NewRun) throws -> RunPlan {
    let model = expanded(run.model)
    let data = expanded(run.data)
    guard !model.isEmpty else { throw UsageError("model: name a Hugging Face folder or a GGUF file") }
    guard FileManager.default.fileExists(atPath: model + "/config.json") || ModelSource.ggufFile(at: model) != nil
    else {
      throw UsageError("model: \(model) is no model folder (config.json is missing)")
    }
    guard !data.isEmpty else { throw UsageError("data: name a file with preferences") }
    guard FileManager.default.fileExists(atPath: data) else { throw UsageError("data: \(data): no such file") }
    var training = ["num_train_epochs: 1"]
    if !run.steps.trimmingCharacters(in: .whitespaces).isEmpty {
      guard let steps = Int(run.steps.trimmingCharacters(in: .whitespaces)), steps >= 1 else {
        throw UsageError("steps: \"\(run.steps)\" is not a number of steps")
      }
      training = ["max_steps: \(steps)"]
    }
    let method = run.method.split(separator: "-").map(String.init)
    let yaml = """
      model: \(quoted(model))
      data:
        train: \(quoted(data))
      preference:
        model: \(method[0])
        parameterization: \(method.count > 1 ? method[1] : "dpo")
      training:
        \(training.joined(separator: "\n  "))
      """
    let file = try RunFile.decode(yaml: yaml, name: "the new run")
    let name = SessionChoice.name(ofRunFile: URL(fileURLWithPath: data).lastPathComponent)
    return RunPlan(runFile: file, sessionPath: SessionChoice.free(name: name))
  }

  private static func expanded(_ path: String) -> String {
    NSString(string: path.trimmingCharacters(in: .whitespaces)).expandingTildeInPath
  }

  /// A path as a YAML scalar.
  private static func quoted(_ path: String) -> String { "'" + path.replacingOccurrences(of: "'", with: "''") + "'" }
}

/// How long ago something was, in words.
enum Age {
  static func text(since date: Date, now: Date = Date()) -> String {
    let seconds = now.timeIntervalSince(date)
    func words(_ count: Double, _ unit: String) -> String {
      let whole = Int(count)
      return "\(whole) \(unit)\(whole == 1 ? "" : "s") ago"
    }
    switch seconds {
    case ..<60: return "just now"
    case ..<3_600: return words(seconds / 60, "minute")
    case ..<86_400: return words(seconds / 3_600, "hour")
    default: return words(seconds / 86_400, "day")
    }
  }
}
