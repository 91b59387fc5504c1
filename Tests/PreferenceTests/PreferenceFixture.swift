import Base
import Foundation
import Preference

/// Inputs that several tests of the Preference target share.
enum PreferenceFixture {
  /// Decodes a file of Tests/Fixtures/preference.
  static func decode<T: Decodable>(_ type: T.Type, _ name: String) throws -> T {
    // Symbolic links resolved, so that the tests also run from a package that links to this folder.
    let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    let tests = here.deletingLastPathComponent().deletingLastPathComponent()
    let file = tests.appendingPathComponent("Fixtures/preference").appendingPathComponent(name)
    return try JSONDecoder().decode(type, from: Data(contentsOf: file))
  }

  static func stream(_ index: Int) -> RandomStream {
    RandomStream(seed: 2502, purpose: .test, index: index)
  }

  /// A best-first list of `count` responses with strictly falling rewards and log-ratios of a few nats.
  static func group(_ count: Int, spread: Double = 3, _ stream: inout RandomStream) -> ScoredGroup {
    var rewards: [Double] = []
    var top = 2.0
    for _ in 0..<count {
      rewards.append(top)
      top -= 0.1 + stream.nextUniform()
    }
    let reference = (0..<count).map { _ in -5 - 40 * stream.nextUniform() }
    return ScoredGroup(
      logProbs: reference.map { $0 + spread * (2 * stream.nextUniform() - 1) }, referenceLogProbs: reference,
      lengths: (0..<count).map { _ in 1 + Int(stream.nextUniform() * 20) }, rewards: rewards)
  }

  /// A group whose implicit rewards βD are exactly `scores`.
  static func group(scores: [Double], beta: Double, rewards: [Double]? = nil) -> ScoredGroup {
    ScoredGroup(
      logProbs: scores.map { $0 / beta }, referenceLogProbs: scores.map { _ in 0 }, lengths: scores.map { _ in 1 },
      rewards: rewards ?? scores.indices.map { -Double($0) })
  }
}

extension ScoredGroup {
  /// The responses of a selection, in its order.
  func picked(_ selection: Selection) -> ScoredGroup {
    ScoredGroup(
      logProbs: selection.responses.map { logProbs[$0] },
      referenceLogProbs: selection.responses.map { referenceLogProbs[$0] },
      lengths: selection.responses.map { lengths[$0] }, rewards: selection.responses.map { rewards[$0] }, kl: kl)
  }
}

extension Objective {
  /// Selects from a whole list and evaluates what was selected.
  func visit(
    _ list: ScoredGroup, gamma: Double? = nil, index: Int = 0
  ) -> (selection: Selection, value: LossValue)? {
    var stream = RandomStream(seed: 7, purpose: .negativeSampling, index: index)
    guard let selection = select(rewards: list.rewards, gamma: gamma, stream: &stream) else { return nil }
    return (selection, evaluate(list.picked(selection), selection: selection))
  }

  /// Every combination of model, estimator and parameterization that is not refused.
  static func all(beta: Double, losses: LossRegistry = .standard) -> [Objective] {
    var result: [Objective] = []
    for parameterization in losses.losses {
      for model in PreferenceModel.allCases {
        let estimators: [Estimator?] = model == .hps ? Estimator.allCases : [nil]
        for estimator in estimators {
          if let objective = try? Objective(
            model: model, parameterization: parameterization, estimator: estimator, beta: beta)
          {
            result.append(objective)
          }
        }
      }
    }
    return result
  }

  /// Every accepted objective with one thing set: each option that its loss reads to each of two values, the
  /// normalisation, or the convention.
  static func variants(beta: Double, losses: LossRegistry = .standard) -> [Objective] {
    all(beta: beta, losses: losses).flatMap { objective in
      var edits: [ObjectiveOptions] = []
      func edit(_ change: (inout ObjectiveOptions) -> Void) {
        var options = ObjectiveOptions()
        change(&options)
        edits.append(options)
      }
      for option in objective.parameterization.loss.options {
        for value in option.otherValues { edit { $0.values[option.key] = value } }
      }
      for normalise in Normalisation.allCases { edit { $0.normalise = normalise } }
      for convention in Convention.allCases { edit { $0.convention = convention } }
      return edits.compactMap { options in
        try? Objective(
          model: objective.model, parameterization: objective.parameterization, estimator: objective.estimator,
          beta: beta, options: options)
      }
    }
  }
}

extension LossOption {
  /// Up to two values that are not the default: words, or numbers of its range.
  var otherValues: [OptionValue] {
    switch kind {
    case .number(let range, let standard):
      [0.2, 0.7, 1.5, -0.5, 3].filter { $0 != standard && range.contains($0) }.prefix(2).map { .number($0) }
    case .word(let words, let standard):
      words.filter { $0 != standard }.prefix(2).map { .word($0) }
    }
  }
}

func agrees(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool {
  abs(a - b) <= tolerance * max(1, abs(a), abs(b))
}

func agrees(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-9) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { agrees($0, $1, tolerance) }
}

/// Objectives gathered one by one.
struct ObjectiveList {
  let beta: Double
  var objectives: [Objective] = []

  mutating func add(
    _ model: PreferenceModel, _ parameterization: Parameterization, _ estimator: Estimator? = nil,
    _ edit: (inout ObjectiveOptions) -> Void
  ) throws {
    var options = ObjectiveOptions()
    edit(&options)
    objectives.append(
      try Objective(
        model: model, parameterization: parameterization, estimator: estimator, beta: beta, options: options))
  }
}
