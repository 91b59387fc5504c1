import ArgumentParser
import Foundation
import Session
import Training

struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Go on from a session's last good checkpoint, with the numbers of a run that never stopped.",
    discussion: """
      Changes of γ, learning rate and β that were answered after the checkpoint are made again at their steps. A run \
      whose model, data, engine or run.yaml has changed is refused; --force goes on and says what is different.
      """)

  @Argument(help: "A session folder, or its name in sessions/.")
  var session: String

  @Flag(help: "Go on although model, data, engine or run.yaml have changed.")
  var force = false

  @OptionGroup var options: RunOptions

  func run() throws {
    let front = try options.front()
    let session = SessionChoice.existing(session)
    let past = try SessionResume(session: session, force: force)
    for note in past.notes { ExitStatus.write("warning: \(note)") }
    var plan = RunPlan(runFile: past.runFile, sessionPath: session)
    plan.resume = past.point
    plan.orderSeed = past.orderSeed
    plan.liveReference = past.liveReference
    DemoCommand.dress(&plan, recordedGrader: past.grader, notice: past.notice)
    try front.run(plan)
  }
}
