import Base
import Preference
import Testing

@testable import RunFile
@testable import Training

/// max(0, δ − z)^p: a loss that this test target alone registers, with a number and a word to set.
private struct PowerHingeLoss: PreferenceLoss {
  enum Power: String, CaseIterable { case squared, cubed }

  static let delta = LossOption.number("power_hinge_delta", .above(0).to(10), standard: 1, "δ")
  static let power = LossOption.word("power_hinge_power", standard: Power.squared, "the exponent")

  let name = "power_hinge"
  let traits = LossTraits()
  let options = [Self.delta, Self.power]

  private func exponent(_ context: LossContext) -> Double { context.word(Self.power) == Power.cubed ? 3 : 2 }

  func pair(_ winner: RatedResponse, _ loser: RatedResponse, _ context: LossContext) -> PairValue {
    let slack = max(0, context[Self.delta] - context.beta * (winner.logRatio - loser.logRatio))
    let isCubed = context.word(Self.power) == Power.cubed
    return PairValue(
      loss: isCubed ? slack * slack * slack : slack * slack,
      slope: -context.beta * (isCubed ? 3 * slack * slack : 2 * slack))
  }

  func formula(_ context: LossContext) -> String {
    "max(0, \(context[Self.delta]) − (s_w − s_l))^\(Int(exponent(context)))"
  }
}

struct RegisteredLossTests {
  private static let losses = LossRegistry.standard.adding(PowerHingeLoss())

  private static func file(_ overrides: [String], losses: LossRegistry = losses) throws -> RunFile {
    try RunFile.decode(
      yaml: "model: m\ndata: {train: d.jsonl, eval_fraction: 0.1}\n", name: "RUN.yaml", overrides: overrides,
      losses: losses)
  }

  private static func refusal(_ overrides: String..., losses: LossRegistry = losses) throws -> String? {
    do {
      _ = try file(overrides, losses: losses).objective()
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// β = ½, D = (2, −1), δ = 3: z = 1.5 and 1.5³ = 3.375; −½·3·1.5² = −3.375.
  @Test func fromTheRunFileToTheNumber() throws {
    let file = try RunFile.decode(
      yaml: """
        model: m
        data: {train: d.jsonl}
        preference: {model: bt, parameterization: power_hinge, beta: 0.5, power_hinge_delta: 3, power_hinge_power: cubed}
        """, name: "RUN.yaml", losses: Self.losses)
    let objective = try file.objective()
    #expect(objective.name == "BT-POWER_HINGE")
    #expect(
      objective.describe()
        == "BT-POWER_HINGE: the best against the worst response of each prompt. Loss max(0, 3.0 − (s_w − s_l))^3. "
        + "D = l − l_ref, s = βD, β = 0.5; summed log-probs.")
    var stream = RandomStream(seed: 7, purpose: .negativeSampling, index: 0)
    let selection = try #require(objective.select(rewards: [1, 0.5, 0], gamma: nil, stream: &stream))
    #expect(selection.responses == [0, 2])
    let value = objective.evaluate(
      ScoredGroup(logProbs: [-8, -12], referenceLogProbs: [-10, -11], lengths: [3, 5], rewards: [1, 0]),
      selection: selection)
    #expect(value == LossValue(loss: 3.375, gradient: [-3.375, 3.375]))
    #expect(file.unreadKeys(objective).isEmpty)
  }

  /// A session's run.yaml holds the keys of every registered loss and reads back to the same file.
  @Test func isWrittenAndReadBack() throws {
    let file = try Self.file(["preference.parameterization=power_hinge", "preference.power_hinge_delta=2.5"])
    let yaml = file.yaml()
    #expect(yaml.contains("\n  power_hinge_delta: 2.5\n  power_hinge_power: null\ntraining:\n"))
    #expect(try RunFile.decode(yaml: yaml, name: "again", losses: Self.losses) == file)
  }

  @Test func refusalsInTheStandardWords() throws {
    #expect(
      try Self.refusal("preference.power_hinge_delta=0")
        == "--set preference.power_hinge_delta: 0 is not allowed; expected a number above 0 and at most 10")
    #expect(
      try Self.refusal("preference.power_hinge_delta=wide")
        == "--set preference.power_hinge_delta: \"wide\" is not a number")
    #expect(
      try Self.refusal("preference.power_hinge_power=cubes")
        == "--set preference.power_hinge_power: \"cubes\" is not known, did you mean \"cubed\"? (one of: squared, cubed)"
    )
    #expect(
      try Self.refusal("preference.power_hinge_delta=2")
        == "power_hinge_delta has no meaning for dpo; it belongs to power_hinge")
    #expect(
      try Self.refusal("preference.power_hinge_delt=2")?
        .hasPrefix(
          "--set preference.power_hinge_delt: unknown key, did you mean \"power_hinge_delta\"? (keys here: model, ")
        == true)
    #expect(
      try Self.refusal("preference.parameterization=power-hinge")
        == "--set preference.parameterization: \"power-hinge\" is not known, did you mean \"power_hinge\"? (one of: "
        + Self.losses.names.joined(separator: ", ") + ")")
    // The program's own losses are not changed by it.
    #expect(
      try Self.refusal("preference.parameterization=power_hinge", losses: .standard)?.contains("not known") == true)
    #expect(
      try Self.refusal("preference.power_hinge_delta=2", losses: .standard)?.contains("unknown key") == true)
  }

  /// No option of a loss hides a key that every run reads.
  @Test func keysAreNamedOnce() {
    for losses in [LossRegistry.standard, Self.losses] {
      let keys = RunFileKeys.preference(losses: losses)
      #expect(Set(keys).count == keys.count)
    }
  }

  /// Every registered loss and every option: where the loss declares it, it is accepted and changes the number; where it
  /// does not, it is refused by its name.
  @Test func everyOptionIsReadWhereItIsDeclared() throws {
    for loss in Self.losses.losses {
      for model in loss.loss.traits.models {
        let base = ["preference.model=\(model.rawValue)", "preference.parameterization=\(loss)"]
        for option in Self.losses.runFileOptions {
          let own = loss.loss.options.first { $0.key == option.key }
          guard let own, own.models.contains(model) else {
            let value = try #require(Self.losses.options.first { $0.key == option.key }?.example)
            let outcome = try Self.refusal(base[0], base[1], "preference.\(option.key)=\(value)")
            #expect(outcome?.hasPrefix("\(option.key) has no meaning for \(loss)") == true, "\(base) \(option.key)")
            continue
          }
          let plain = try Self.values(base)
          let changed = try own.examples.map { try Self.values(base + ["preference.\(own.key)=\($0)"]) }
          #expect(!changed.isEmpty && changed.contains { $0 != plain }, "\(base) \(option.key)")
        }
      }
    }
  }

  /// Losses of a list, and of responses that come alone; with the best response above its reference and, policy and
  /// reference exchanged, below it, as an option may count on one side alone.
  private static func values(_ overrides: [String]) throws -> [Double] {
    let objective = try file(overrides).objective()
    let lists = [[3, 1.5, 0.25, -1]] + (objective.judgesAlone ? [[0.5], [2.5]] : [])
    let (above, below) = ([-14, -12, -11.3, -13.5], [-15, -10, -12, -15.0])
    return try lists.flatMap { rewards in
      try [(above, below), (below, above)].map { policy, reference in
        let list = ScoredGroup(
          logProbs: Array(policy.prefix(rewards.count)), referenceLogProbs: Array(reference.prefix(rewards.count)),
          lengths: Array([4, 7, 5, 9].prefix(rewards.count)), rewards: rewards)
        return try #require(list.visit(objective, gamma: 0))
      }
    }
  }
}

extension LossOption {
  /// Values of its range other than the default, as a run file writes them.
  fileprivate var examples: [String] {
    switch kind {
    case .number(let range, let standard):
      [0.2, 0.3, 2, 1, -0.5, 3].filter { $0 != standard && range.contains($0) }.map { "\($0)" }
    case .word(let words, let standard): words.filter { $0 != standard }
    }
  }
}

extension RegisteredOption {
  fileprivate var example: String? {
    switch kind {
    case .number(let range): [0.2, 2, -0.5, 100].first { range.contains($0) }.map { "\($0)" }
    case .word(let words): words.first
    }
  }
}
