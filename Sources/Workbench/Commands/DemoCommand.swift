import ArgumentParser
import DemoWorld
import Evaluation
import Foundation
import RunFile
import Training

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Train the bundled small model on its teaching world, and watch.",
    discussion: "Nothing is downloaded. The run is kept in sessions/demo, sessions/demo-2, … of the current folder.")

  @Option(
    name: .customLong("set"), help: ArgumentHelp("Change a value of the demo's run file.", valueName: "key.path=value"))
  var overrides: [String] = []

  @Option(help: ArgumentHelp("Keep the run in this folder.", valueName: "dir"))
  var session: String?

  @OptionGroup var options: RunOptions

  func run() throws {
    let front = try options.front()
    let plan = try Self.plan(overrides: overrides, session: session)
    try front.run(plan)
  }

  static func plan(overrides: [String], session: String?) throws -> RunPlan {
    let resources = try DemoWorld.resources()
    let file = try RunFile.read(
      path: resources.runFilePath,
      overrides: [
        "model=\(quoted(resources.modelPath))", "data.train=\(quoted(resources.trainPath))",
        "data.eval=\(quoted(resources.heldOutPath))",
      ] + overrides)
    var plan = RunPlan(
      runFile: file, name: "demo", sessionPath: session ?? file.session ?? SessionChoice.free(name: "demo"))
    dress(&plan)
    return plan
  }

  /// What the teaching world adds to a run: its notice, and a rubric that knows the truth.
  static func dress(_ plan: inout RunPlan) {
    plan.notice = DemoWorld.notice
    plan.evaluation.grader = RubricGrader()
    plan.evaluation.maxNewTokens = 64
  }

  /// A run that goes on from a session is graded as the session was.
  /// - Parameters:
  ///   - grader: as recorded. Sessions of before it was recorded have the demo's notice alone.
  static func dress(_ plan: inout RunPlan, recordedGrader grader: String?, notice: String?) {
    switch grader {
    case RubricGrader.recordedKey?: dress(&plan)
    case nil: if notice == DemoWorld.notice { dress(&plan) }
    case let other?:
      plan.notice = notice
      ExitStatus.write(
        "warning: the session's answers were graded by \"\(other)\", which is not known here; they are not graded")
    }
  }

  /// A path as a YAML scalar.
  private static func quoted(_ path: String) -> String {
    "'" + path.replacingOccurrences(of: "'", with: "''") + "'"
  }
}

/// The teaching world's rubric as the evaluator sees it.
struct RubricGrader: AnswerGrader {
  static let recordedKey = "household rubric"

  let key = recordedKey
  let kinds = AnswerKind.allCases.map(\.title)

  func grade(prompt: String, answer: String) -> Int {
    let kind = HouseholdRubric.grade(prompt: prompt, answer: answer).kind
    return AnswerKind.allCases.firstIndex(of: kind) ?? kinds.count - 1
  }
}
