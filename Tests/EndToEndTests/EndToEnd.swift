import Foundation
import Testing

/// Tests by distance: the built program, driven as a person or a script would. They share one machine with everything
/// else, so they run one after another; waiting is always for something, with a deadline far beyond what is usual.
@Suite("the built program", .serialized)
enum EndToEnd {}

extension EndToEnd {
  /// A run of the demo that is quick: few prompts a step and no evaluation.
  static let quick = [
    "--set", "data.eval=null", "--set", "training.prompts_per_step=2", "--set", "training.save_steps=null",
  ]

  static func headlessDemo(steps: Int, _ more: [String] = []) -> [String] {
    ["demo", "--headless", "--set", "training.max_steps=\(steps)"] + quick + more
  }

  /// Runs a short demo to its end and leaves its record in the folder's `run`.
  @discardableResult
  static func recordDemo(steps: Int, in folder: TemporaryFolder) async throws -> Program.Result {
    try await Program.run(headlessDemo(steps: steps, ["--session", "run"]), directory: folder.path)
  }

  /// A run file over the demo's model.
  static func runFile(train: String, _ more: String = "") -> String {
    """
    model: '\(Project.Demo.model)'
    data:
      train: '\(train)'
    training:
      max_steps: 2
      prompts_per_step: 1
      precision: fp32
      eval_steps: null
    \(more)
    """
  }

  /// Two canonical rows of plain text.
  static let rows = """
    {"prompt": "How do I clean a pan?", "responses": ["Soak it in warm water.", "I like turtles."], "rewards": [2, 0]}
    {"prompt": "How do I fix a tap?", "responses": ["Change the washer.", "Shout at it."], "rewards": [1.5, -1]}

    """
}
