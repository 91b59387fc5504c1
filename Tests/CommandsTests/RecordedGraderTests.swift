import DemoWorld
import RunFile
import Testing
import Training

@testable import Commands

/// A run that goes on from a session is graded as the session was, whatever words its notice has.
struct RecordedGraderTests {
  private func dressed(grader: String?, notice: String?) throws -> RunPlan {
    let file = try RunFile.decode(yaml: "model: m\ndata: {train: a.jsonl}\n", name: "run")
    var plan = RunPlan(runFile: file, sessionPath: nil)
    DemoCommand.dress(&plan, recordedGrader: grader, notice: notice)
    return plan
  }

  @Test func theKeyDecides() throws {
    let key = RubricGrader().key
    #expect(try dressed(grader: key, notice: "other words").evaluation.grader?.key == key)
    #expect(try dressed(grader: key, notice: nil).notice == DemoWorld.notice)
    // Of another program's making: said, and not graded as something that it is not.
    let foreign = try dressed(grader: "another", notice: DemoWorld.notice)
    #expect(foreign.evaluation.grader == nil && foreign.notice == DemoWorld.notice)
  }

  @Test func sessionsOfBeforeTheKeyAreKnownByTheirNotice() throws {
    #expect(try dressed(grader: nil, notice: DemoWorld.notice).evaluation.grader?.key == RubricGrader().key)
    #expect(try dressed(grader: nil, notice: "a run of mine").evaluation.grader == nil)
    #expect(try dressed(grader: nil, notice: nil).evaluation.grader == nil)
  }
}
