import Control
import Foundation

@testable import WorkbenchScreen

/// A made-up HPS run for the screen's tests: the same events on every machine and every time.
struct SampleRun {
  struct Catalogue: PromptCatalogue {
    var prompts: [CataloguedPrompt]
    var count: Int { prompts.count }
    func prompt(_ index: Int) -> CataloguedPrompt { prompts[index] }
  }

  /// Knuth's 64-bit linear congruential generator: enough for made-up numbers.
  struct Numbers {
    var state: UInt64
    mutating func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53
    }
  }

  let catalogue: Catalogue
  let totalSteps: Int
  let promptsPerStep = 8
  let isHPS: Bool
  private var numbers = Numbers(state: 7)

  init(totalSteps: Int = 100, prompts: Int = 40, responses: Int = 8, isHPS: Bool = true) {
    self.totalSteps = totalSteps
    self.isHPS = isHPS
    var numbers = Numbers(state: 42)
    let tasks = ["clean a burnt pan", "fix a dripping tap", "wash a wool jumper", "store onions", "water a cactus"]
    catalogue = Catalogue(
      prompts: (0..<prompts).map { index in
        // Steps of at least 0.1, so that the order never hangs on rounding.
        var reward = 3.0 + numbers.uniform()
        let rewards = (0..<responses).map { _ in
          reward -= 0.1 + numbers.uniform() * 0.8
          return reward
        }
        return CataloguedPrompt(
          text: "How do I \(tasks[index % tasks.count])?",
          responses: (0..<responses).map { "Answer \($0 + 1): soak it, then rub with a soft sponge." }, rewards: rewards
        )
      })
  }

  var description: RunDescription {
    RunDescription(
      name: "demo-1", modelName: "household-3M", method: isHPS ? "HPS-DPO" : "BT-DPO",
      estimator: isHPS ? "sample" : nil,
      totalSteps: totalSteps, stepsPerEpoch: 5, promptsPerStep: promptsPerStep, learningRate: 0.002, beta: 0.1,
      precision: "bf16", threads: 2, trainableParameters: 312_448, sessionPath: "sessions/demo-1",
      catalogue: catalogue, notice: "teaching world: made-up answers graded by a rubric")
  }

  func gamma(_ step: Int) -> Double { [-5, -2.5, 0, 2.5, 5][min(4, (step - 1) * 5 / totalSteps)] }

  var plan: [Double] { (1...totalSteps).map(gamma) }

  /// The events before the first step.
  var beginning: [RunEvent] {
    [.loading(LoadingProgress(what: "reading train.jsonl.gz", fraction: 1)), .started(description)]
      + (isHPS ? [.gammaPlan(plan)] : []) + [.stateChanged(.running)]
  }

  mutating func step(_ step: Int, loss: Double? = nil) -> StepRecord {
    let progress = Double(step) / Double(totalSteps)
    let gamma = gamma(step)
    let visits = (0..<promptsPerStep).map { place -> PromptVisit in
      let prompt = ((step - 1) * promptsPerStep + place) * 7 % catalogue.count
      let q = NegativeDistribution.probabilities(rewards: catalogue.prompts[prompt].rewards, gamma: isHPS ? gamma : 0)
      var rest = numbers.uniform()
      var drawn = q.count - 1
      for index in q.indices.dropFirst() {
        rest -= q[index]
        if rest <= 0 {
          drawn = index
          break
        }
      }
      let up = 8 * progress * numbers.uniform()
      let down = -12 * progress * numbers.uniform() + 1
      return PromptVisit(
        prompt: prompt, drawn: drawn, drawnProbability: q[drawn], ess: NegativeDistribution.effectiveSampleSize(q),
        scored: [
          ScoredResponse(response: 0, logProb: -20 + up, referenceLogProb: -20, tokens: 14),
          ScoredResponse(response: drawn, logProb: -25 + down, referenceLogProb: -25, tokens: 17),
        ], margin: 0.1 * (up - down), loss: log1p(exp(-0.1 * (up - down))))
    }
    func mean(_ value: (PromptVisit) -> Double) -> Double { visits.map(value).reduce(0, +) / Double(visits.count) }
    return StepRecord(
      step: step, epoch: Double(step) / 5, loss: loss ?? mean(\.loss), learningRate: 0.002 * (1 - progress),
      gradientNorm: 1 + numbers.uniform(), chosenReward: mean { 0.1 * ($0.scored[0].logProb + 20) },
      rejectedReward: mean { 0.1 * ($0.scored[1].logProb + 25) }, margin: mean(\.margin),
      accuracy: mean { $0.margin > 0 ? 1 : 0 }, chosenLogProb: mean { $0.scored[0].logProb },
      rejectedLogProb: mean { $0.scored[1].logProb }, gamma: isHPS ? gamma : nil,
      ess: isHPS ? mean { $0.ess ?? 0 } : nil,
      saturatedShare: isHPS ? mean { ($0.ess ?? 0) < 1.5 ? 1 : 0 } : nil, tokens: step * 1_100, stepTime: 0.05,
      beta: 0.1, visits: visits)
  }

  static func shares(_ step: Int, _ progress: Double) -> AnswerShares {
    let kinds = [("right & kind", 0.14), ("terse", 0.2), ("rambling", 0.14), ("wrong", 0.3), ("unsafe", 0.22)]
    return AnswerShares(
      step: step, samples: 200, temperature: 0.9,
      shares: kinds.enumerated().map { index, kind in
        AnswerShares.Share(kind: kind.0, fraction: index == 0 ? kind.1 + 0.86 * progress : kind.1 * (1 - progress))
      })
  }

  /// What comes with a step: every twentieth brings an evaluation, shares and an answer.
  static func besides(_ step: Int) -> [RunEvent] {
    guard step % 20 == 1 else { return [] }
    return [
      .answerShares(shares(step, Double(step) / 100)),
      .evaluation(
        EvaluationRecord(
          step: step, epoch: 0, loss: 0.69 - 0.004 * Double(step), chosenReward: 0.1, rejectedReward: -0.1,
          margin: 0.2, accuracy: 0.7, chosenLogProb: -20, rejectedLogProb: -25, hardestMargin: 0.1,
          meanMargin: 0.3, prompts: 12, runtime: 0.2)),
      .generation(
        GenerationRecord(
          step: step, prompt: "How do I dry a tent?", policy: "Hang it up in the shade, friend.",
          reference: "Do it yourself.", policyGrade: step > 20 ? "right & kind" : "rude", referenceGrade: "rude",
          temperature: 0)),
    ]
  }

  /// All events of the run's first steps.
  static func record(steps: Int) -> [RunEvent] {
    var run = SampleRun()
    return run.beginning + (1...steps).flatMap { [.step(run.step($0))] + besides($0) }
  }

  func inspection(_ prompt: Int, step: Int) -> PromptInspection {
    PromptInspection(
      prompt: prompt, step: step,
      scored: catalogue.prompts[prompt].responses.indices.map {
        ScoredResponse(
          response: $0, logProb: -20 - Double($0) * 1.5, referenceLogProb: -20 - Double($0), tokens: 14 + $0)
      })
  }
}

extension ScreenDriver {
  /// A driver with `steps` steps of the sample run behind it, 0.05 s each, and all that happened meanwhile.
  static func running(
    _ size: Size, steps: Int = 60, tier: GlyphTier = .braille, monochrome: Bool = false, run: SampleRun = SampleRun()
  ) -> (ScreenDriver, SampleRun) {
    var run = run
    var driver = ScreenDriver(size: size, tier: tier, monochrome: monochrome)
    for event in run.beginning { driver.post(event) }
    for step in stride(from: 1, through: steps, by: 1) {
      driver.advance(seconds: 0.05)
      driver.post(.step(run.step(step)))
      for event in SampleRun.besides(step) { driver.post(event) }
    }
    // The trainer has answered the inspection that the first visit led to.
    if let asked = driver.state.steering.inspecting {
      driver.post(.inspected(run.inspection(asked, step: steps)))
    }
    return (driver, run)
  }

  /// The trainer's answer to the newest command, taken.
  mutating func acknowledge(
    step: Int, old: Double? = nil, new: Double? = nil, refusal: String? = nil, path: String? = nil
  ) {
    guard let request = sentCommands.last else { return }
    post(
      .acknowledged(
        CommandAcknowledgement(
          id: request.id, command: request.command, origin: request.origin, requestStep: step - 1, effectStep: step,
          oldValue: old, newValue: new, refusal: refusal, path: path)))
  }

  var commands: [RunCommand] { sentCommands.map(\.command) }

  /// The strip that edits a value, while it is open.
  var editor: ValueEditor? {
    if case .editor(let editor) = state.view.overlay { editor } else { nil }
  }

  /// The last line says why a key did nothing.
  var isWarned: Bool { state.view.message?.role == .warning }

  var awaited: [RunCommand] { state.steering.pending.values.map(\.command) }

  mutating func press(_ names: [String]) { for name in names { press(name) } }
}

/// Texts that tests compare frames with. WORKBENCH_REGENERATE_GOLDENS=1 writes them anew, to be reviewed.
enum Golden {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/screen")

  /// nil if `text` is what the file holds; otherwise the first line that differs.
  static func difference(_ text: String, _ name: String) -> String? {
    let file = folder.appendingPathComponent(name + ".txt")
    if ProcessInfo.processInfo.environment["WORKBENCH_REGENERATE_GOLDENS"] == "1" {
      try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      return (try? Data(text.utf8).write(to: file)) == nil ? "\(name) cannot be written" : nil
    }
    guard let golden = try? String(contentsOf: file, encoding: .utf8) else { return "\(name).txt is missing" }
    if golden == text { return nil }
    let lines = (
      golden.split(separator: "\n", omittingEmptySubsequences: false),
      text.split(separator: "\n", omittingEmptySubsequences: false)
    )
    for row in 0..<max(lines.0.count, lines.1.count) {
      let old = row < lines.0.count ? String(lines.0[row]) : "(no line)"
      let new = row < lines.1.count ? String(lines.1[row]) : "(no line)"
      if old != new { return "\(name) row \(row):\n  golden \(old)\n  now    \(new)" }
    }
    return "\(name) differs"
  }
}
