import Control
import Testing

@testable import WorkbenchScreen

/// The prompts' filter, the tags it knows, and the prompts behind a step.
struct FilterTests {
  @Test func filterByTextNumberAndTag() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    let all = driver.state.listedPrompts
    driver.press("/")
    driver.type("cactus")
    let cacti = driver.state.listedPrompts
    #expect(!cacti.isEmpty && cacti.count < all.count)
    #expect(cacti.allSatisfy { driver.state.run.catalogued($0)?.text.contains("cactus") ?? false })
    #expect(cacti == all.filter { cacti.contains($0) })
    #expect(driver.frame().contains("cactus_"))
    #expect(driver.state.view.selectedPrompt.map { cacti.contains($0) } ?? false)
    driver.press("Enter")
    #expect(driver.frame().contains("cactus") && driver.state.view.overlay == nil)
    driver.press("j")
    #expect(driver.state.view.selectedPrompt.map { cacti.contains($0) } ?? false)
    driver.press("/")
    driver.press(Array(repeating: "Backspace", count: 6))
    driver.type("17")
    #expect(driver.state.listedPrompts == [17])
    driver.type("x")
    #expect(driver.state.listedPrompts.isEmpty)
    #expect(driver.frame().contains("no prompt matches"))
    driver.press("Esc")
    #expect(driver.state.listedPrompts == all)
  }

  @Test func tagsTellHistories() {
    func entry(_ margins: [Double], best: Double = -20, other: Double = -20, reference: Double = -20)
      -> PromptBook.Entry
    {
      let visit = PromptVisit(
        prompt: 1, drawn: 2, drawnProbability: 1, ess: 1, scored: [], margin: margins.last ?? 0, loss: 1)
      func score(_ response: Int, _ value: Double, _ reference: Double) -> PromptBook.Score {
        PromptBook.Score(
          response: ScoredResponse(response: response, logProb: value, referenceLogProb: reference, tokens: 3),
          step: 1, inspected: false)
      }
      return PromptBook.Entry(
        visits: margins.count, margins: margins, lastVisit: visit, lastStep: 1,
        scores: [0: score(0, best, -40), 2: score(2, other, reference)])
    }
    #expect(PromptTag.of(entry([0, -1, -2, -1])) == .never)
    #expect(PromptTag.of(entry([0, -1, -2])) == nil)
    #expect(PromptTag.of(entry([0, 1, -1])) == .forgotten)
    #expect(PromptTag.of(entry([-1, 1, 2])) == .flipped)
    #expect(PromptTag.of(entry([-1, 1])) == nil)
    #expect(PromptTag.of(entry([1, 2, 3])) == nil)
    // Both find the rejected response more than 10 nats likelier.
    #expect(PromptTag.of(entry([-1], best: -35, other: -20, reference: -25)) == .suspect)
    #expect(PromptTag.of(entry([-1], best: -35, other: -20, reference: -35)) == nil)
    #expect(PromptTag.of(entry([])) == nil)
  }

  @Test func samplesOfTheCrosshairsStep() throws {
    var driver = try ScreenDriver(recording: ReplayTests.Record(), size: Size(120, 36))
    driver.press("End", "v", "Left", "Enter")
    let frame = driver.frame()
    #expect(frame.contains("samples of step 59") && frame.contains("8 prompts"))
    let samples = driver.state.run.samplesByLoss
    #expect(abs(samples.reduce(0) { $0 + $1.share } - 1) < 1e-12)
    #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.share >= $1.share })
    driver.press("j", "Enter")
    #expect(driver.state.view.page == .prompts && driver.state.view.focus == .responses)
    #expect(driver.state.view.selectedPrompt == samples[1].visit.prompt)
    #expect(driver.state.run.completedSteps == 59)
  }
}
