import ArgumentParser
import Foundation
import Session
import Training

struct BranchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "branch",
    abstract: "Train on from a checkpoint of a session with other settings, beside the run as it was.",
    discussion: """
      The branch has its parent's prompts in the same order, so every difference is of the settings' making; with \
      another training.seed only the drawn negatives differ. What --set does not name goes on as it was at the \
      checkpoint. `workbench sessions compare` and tab 8 of the screen set both side by side.
      """)

  @Argument(help: "The parent: a session folder, or its name in sessions/.")
  var parent: String

  @Option(help: ArgumentHelp("Begin at the checkpoint of this step; the last one by default.", valueName: "step"))
  var step: Int?

  @Option(name: .customLong("set"), help: ArgumentHelp("Change a value of the run file.", valueName: "key.path=value"))
  var overrides: [String] = []

  @Option(
    help: ArgumentHelp(
      "The branch's session folder; beside the parent, as PARENT-branch, by default.", valueName: "dir"))
  var session: String?

  @OptionGroup var options: RunOptions

  func run() throws {
    let front = try options.front()
    let folder = SessionChoice.existing(parent)
    let branch = try SessionBranch(of: folder, step: step, overrides: overrides)
    for note in branch.notes { ExitStatus.write("warning: \(note)") }
    var plan = RunPlan(runFile: branch.runFile, sessionPath: session ?? SessionChoice.free(branchOf: folder))
    plan.resume = branch.point
    plan.orderSeed = branch.point.branch?.orderSeed
    plan.liveReference = branch.liveReference
    DemoCommand.dress(&plan, recordedGrader: branch.grader, notice: branch.notice)
    try front.run(plan)
  }
}
