import Preference
import Testing

/// Values and gradients of other implementations; Tests/Fixtures/preference says how they were made.
struct GoldenLossTests {
  struct TRLLosses: Decodable {
    struct Loss: Decodable {
      var loss_type: String
      var beta: Double
      var label_smoothing: Double?
      var simpo_gamma: Double?
      var values: [[Double]]
    }
    var rows: [[Double]]
    var losses: [Loss]
  }

  @Test func trl() throws {
    let fixture = try PreferenceFixture.decode(TRLLosses.self, "trl_losses.json")
    #expect(fixture.rows.count == 1_000)
    #expect(fixture.losses.count == 9)
    for loss in fixture.losses {
      var options = ObjectiveOptions()
      let parameterization: Parameterization
      switch loss.loss_type {
      case "sigmoid": parameterization = .dpo
      case "exo_pair": parameterization = .exo
      case "nca_pair": parameterization = .nca
      case "sppo_hard": parameterization = .sppo
      default: parameterization = try #require(Parameterization(rawValue: loss.loss_type))
      }
      if parameterization == .exo || parameterization == .robust { options.labelSmoothing = loss.label_smoothing }
      if parameterization == .sppo { options.convention = .trl }
      options.simpoGamma = loss.simpo_gamma
      let objective = try Objective(
        model: .bt, parameterization: parameterization, beta: loss.beta, options: options)
      var worst = 0.0
      for (row, expected) in zip(fixture.rows, loss.values) {
        let group = ScoredGroup(
          logProbs: [row[0], row[1]], referenceLogProbs: [row[2], row[3]], lengths: [Int(row[4]), Int(row[5])],
          rewards: [1, 0])
        let value = try #require(objective.visit(group)).value
        for (ours, theirs) in zip([value.loss] + value.gradient, expected) {
          // Six digits are stored; 1e-9 covers what TRL's form loses where 1 − σ cancels.
          worst = max(worst, abs(ours - theirs) / (abs(theirs) + 1e-9 / 1e-5))
        }
      }
      #expect(worst < 1e-5, "\(loss.loss_type), beta \(loss.beta): off by \(worst)")
      #expect(loss.values.count >= 100)
    }
  }

  struct ListLosses: Decodable {
    struct Group: Decodable {
      var logps: [Double]
      var reference: [Double]
      var lengths: [Int]
      var rewards: [Double]
    }
    var beta: Double
    var reward_temperature: Double
    var gamma: Double
    var groups: [Group]
    var losses: [String: [[Double]]]
  }

  @Test func lists() throws {
    let fixture = try PreferenceFixture.decode(ListLosses.self, "list_losses.json")
    var options = ObjectiveOptions()
    func objective(
      _ model: PreferenceModel, _ parameterization: Parameterization, _ estimator: Estimator? = nil,
      _ edit: (inout ObjectiveOptions) -> Void = { _ in }
    ) throws -> Objective {
      options = ObjectiveOptions()
      edit(&options)
      return try Objective(
        model: model, parameterization: parameterization, estimator: estimator, beta: fixture.beta, options: options)
    }
    let temperature = fixture.reward_temperature
    let objectives = [
      "plackett_luce": try objective(.pl, .dpo),
      "ipo_list": try objective(.pl, .ipo),
      "exo_list": try objective(.pl, .exo) { $0.rewardTemperature = temperature },
      "sppo_list": try objective(.pl, .sppo),
      "nca_list": try objective(.pl, .nca) { $0.rewardTemperature = temperature },
      "infonca_list": try objective(.pl, .infonca) { $0.rewardTemperature = temperature },
      "lipo": try objective(.pl, .lipo),
      "pro": try objective(.pl, .pro),
      "hps_expectation": try objective(.hps, .dpo, .expectation),
      "hps_two_preferred": try objective(.hps, .dpo, .expectation) {
        $0.preferred = 2
        $0.preferredWeights = [0.7, 0.3]
      },
      "hps_nca": try objective(.hps, .nca, .expectation),
      "rdpo": try objective(.bt, .rdpo),
      "cdpo": try objective(.bt, .cdpo),
      "slic": try objective(.bt, .slic),
      "kto": try objective(.bt, .kto) { $0.undesirableWeight = 1.5 },
    ]
    #expect(Set(objectives.keys) == Set(fixture.losses.keys))
    for (name, objective) in objectives {
      let expected = try #require(fixture.losses[name])
      #expect(expected.count == fixture.groups.count)
      for (g, row) in zip(fixture.groups, expected) {
        let list = ScoredGroup(
          logProbs: g.logps, referenceLogProbs: g.reference, lengths: g.lengths, rewards: g.rewards,
          kl: name == "kto" ? 0.4 : 0)
        let (selection, value) = try #require(objective.visit(list, gamma: fixture.gamma))
        var gradient = [Double](repeating: 0, count: g.logps.count)
        for (response, slope) in zip(selection.responses, value.gradient) { gradient[response] = slope }
        #expect(agrees([value.loss] + gradient, row, 2e-8), "\(name)")
      }
    }
  }
}
