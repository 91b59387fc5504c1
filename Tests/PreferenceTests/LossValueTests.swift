import Foundation
import Preference
import Testing

/// Values worked by hand. In the pair tests D = (1, −1) and lengths (2, 4), so at β = ½: s = (½, −½), z = 1.
/// log σ(1) = −0.3132616875, log σ(−1) = −1.3132616875, σ(−1) = 0.2689414214, σ(1) = 0.7310585786.
struct LossValueTests {
  let pair = ScoredGroup(logProbs: [-10, -12], referenceLogProbs: [-11, -11], lengths: [2, 4], rewards: [1, 0])

  func value(
    _ parameterization: Parameterization, beta: Double = 0.5, model: PreferenceModel = .bt,
    _ edit: (inout ObjectiveOptions) -> Void = { _ in }
  ) throws -> LossValue {
    var options = ObjectiveOptions()
    edit(&options)
    let objective = try Objective(model: model, parameterization: parameterization, beta: beta, options: options)
    return try #require(objective.visit(pair)).value
  }

  @Test func dpo() throws {
    // −log σ(1); dL/dl_w = −½·σ(−1)
    let value = try value(.dpo)
    #expect(agrees(value.loss, 0.3132616875182228))
    #expect(agrees(value.gradient, [-0.13447071068499755, 0.13447071068499755]))
  }

  @Test func dpoPerToken() throws {
    // D' = (0.5, −0.25): z = 0.375, −log σ = 0.5231; dz/dl = ½/2 and −½/4, σ(−0.375) = 0.40733340
    let value = try value(.dpo) { $0.normalise = .mean }
    #expect(agrees(value.gradient, [-0.25 * 0.4073334002, 0.125 * 0.4073334002], 1e-8))
  }

  @Test func cdpo() throws {
    // 0.9·0.3132616875 + 0.1·1.3132616875 = 0.4132616875; ½(σ(1) − 0.9) = −0.0844707107
    let value = try value(.cdpo)
    #expect(agrees(value.loss, 0.4132616875182228))
    #expect(agrees(value.gradient, [-0.0844707106849976, 0.0844707106849976]))
  }

  @Test func robust() throws {
    // (0.9·0.3132616875 − 0.1·1.3132616875)/0.8 = 0.1882616875; −½(0.9·0.2689414214 + 0.1·0.7310585786)/0.8
    let value = try value(.robust)
    #expect(agrees(value.loss, 0.1882616875182228))
    #expect(agrees(value.gradient[0], -0.1969707106849976))
  }

  @Test func rdpo() throws {
    // z + 0.5·(2 − 4) = 0: ln 2, dL/dl_w = −½·½
    let value = try value(.rdpo) { $0.lengthWeight = 0.5 }
    #expect(agrees(value.loss, log(2)))
    #expect(agrees(value.gradient, [-0.25, 0.25]))
  }

  @Test func dpop() throws {
    // D_w = 1 is not below the reference: DPO.
    #expect(try value(.dpop) == value(.dpo))
    func penalised(_ ratios: [Double], lambda: Double?) throws -> LossValue {
      var options = ObjectiveOptions()
      options.dpopLambda = lambda
      let objective = try Objective(model: .bt, parameterization: .dpop, beta: 0.5, options: options)
      let group = ScoredGroup(logProbs: ratios, referenceLogProbs: [0, 0], lengths: [2, 4], rewards: [1, 0])
      return try #require(objective.visit(group)).value
    }
    // D = (−1, 1), λ = 3: z = ½(−2 − 3·1) = −2.5, σ(2.5) = 0.9241418200; −½·(1 + 3)·σ(2.5) and ½·σ(2.5)
    let fallen = try penalised([-1, 1], lambda: 3)
    #expect(agrees(fallen.loss, 2.5 + log1p(exp(-2.5))))
    #expect(agrees(fallen.gradient, [-2 * 0.9241418200, 0.5 * 0.9241418200]))
    // λ = 50 without the option: z = ½(−2 − 50·1) = −26
    #expect(agrees(try penalised([-1, 1], lambda: nil).loss, 26 + log1p(exp(-26))))
    // At the kink, D = (0, −1): z = ½, σ(−½) = 0.3775406688, and the slope from above.
    #expect(agrees(try penalised([0, -1], lambda: 3).gradient, [-0.5 * 0.3775406688, 0.5 * 0.3775406688]))
  }

  @Test func ipo() throws {
    // Means: (0.5 + 0.25 − 1)² = 0.0625; 2·(−0.25)/2 and −2·(−0.25)/4. Sums: (2 − 1)² = 1; 2 and −2.
    let mean = try value(.ipo)
    #expect(agrees(mean.loss, 0.0625))
    #expect(agrees(mean.gradient, [-0.25, 0.125]))
    for convention in [Convention.paper, .original] {
      let sum = try value(.ipo) { $0.convention = convention }
      #expect(agrees(sum.loss, 1))
      #expect(agrees(sum.gradient, [2, -2]))
    }
    #expect(try value(.ipo) { $0.convention = .trl } == mean)
  }

  @Test func sppo() throws {
    // β = ¼: target 2, errors −1 and 1: ½(1 + 1) = 1; TRL without ½: 2.
    let paper = try value(.sppo, beta: 0.25)
    #expect(agrees(paper.loss, 1))
    #expect(agrees(paper.gradient, [-1, 1]))
    let trl = try value(.sppo, beta: 0.25) { $0.convention = .trl }
    #expect(agrees(trl.loss, 2))
    #expect(agrees(trl.gradient, [-2, 2]))
  }

  @Test func exo() throws {
    // q = 0.7310585786, ε = 0.1: q(log q − log 0.9) + (1−q)(log(1−q) − log 0.1)
    //   = 0.7310585786·(−0.2079011718) + 0.2689414214·0.9893234055 = 0.1140821077
    // dL/dz = q(1−q)(1 − log 9) = 0.1966119332·(−1.1972245773) = −0.2353886387, times β = ½
    let value = try value(.exo) { $0.labelSmoothing = 0.1 }
    #expect(agrees(value.loss, 0.1140821077, 1e-9))
    #expect(agrees(value.gradient, [-0.1176943193, 0.1176943193], 1e-8))
    // Label (0, −10): q log q + (1−q)(log(1−q) + 10) = −0.2290126428 + 0.2689414214·8.6867383125 = 2.1072111048
    let original = try self.value(.exo) { $0.convention = .original }
    #expect(agrees(original.loss, 2.1072111048, 1e-9))
  }

  @Test func nca() throws {
    // −log σ(½) − ½ log σ(−½) − ½ log σ(½) = 1.5·0.4740769842 + 0.5·0.9740769842 = 1.1981539684
    // ½σ(½) − σ(−½) = −0.0663110032 and ½σ(−½) = 0.1887703344, times β = ½
    let value = try value(.nca)
    #expect(agrees(value.loss, 1.1981539684, 1e-9))
    #expect(agrees(value.gradient, [-0.0331555016, 0.0943851672], 1e-9))
  }

  @Test func infonca() throws {
    // t = softmax(1, 0) = (0.7310585786, 0.2689414214) = p: the entropy of p, no gradient.
    let value = try value(.infonca)
    #expect(agrees(value.loss, 0.7310585786 * 0.3132616875 + 0.2689414214 * 1.3132616875, 1e-9))
    #expect(agrees(value.gradient, [0, 0]))
  }

  @Test func simpo() throws {
    // l' = (−5, −3), β = ½: −1; margin ½·½ = 0.25: −log σ(−1.25) = 1.5012, σ(1.25) = 0.7772998611
    let value = try value(.simpo)
    #expect(agrees(value.loss, 1.25 + log1p(exp(-1.25))))
    let gradient: [Double] = [-0.5 * 0.7772998611 / 2, 0.5 * 0.7772998611 / 4]
    #expect(agrees(value.gradient, gradient, 1e-9))
    // TRL's absolute margin of the same size; and its NLL per token, weight 1: 10/2 more, −1/2 more.
    #expect(try self.value(.simpo) { $0.simpoGamma = 0.25 } == value)
    let likelihood = try self.value(.simpo) { $0.nllWeight = 1 }
    #expect(agrees(likelihood.loss, value.loss + 5))
    #expect(agrees(likelihood.gradient[0], value.gradient[0] - 0.5))
  }

  @Test func slic() throws {
    // δ = 3: max(0, 3 + 10 − 12) = 1, plus 0.1·10; δ = 1: max(0, 1 + 10 − 12) = 0, plus 1.
    let active = try value(.slic) { $0.slicDelta = 3 }
    #expect(agrees(active.loss, 2))
    #expect(agrees(active.gradient, [-1.1, 1]))
    let satisfied = try value(.slic)
    #expect(agrees(satisfied.loss, 1))
    #expect(agrees(satisfied.gradient, [-0.1, 0]))
  }

  @Test func hinge() throws {
    // z = 1: exactly at the kink, 0; β = ¼: 1 − ½.
    #expect(try value(.hinge) == LossValue(loss: 0, gradient: [0, 0]))
    let active = try value(.hinge, beta: 0.25)
    #expect(agrees(active.loss, 0.5))
    #expect(agrees(active.gradient, [-0.25, 0.25]))
  }

  @Test func lipo() throws {
    // ψ = (1, 0): gains 2 and 1; ranks 1 and 2: |1/ln 2 − 1/ln 3| = 0.5324558; W·(−log σ(1)).
    let value = try value(.lipo)
    let weight: Double = 1 / log(2.0) - 1 / log(3.0)
    #expect(agrees(value.loss, weight * 0.3132616875182228))
    #expect(agrees(value.gradient[0], -0.5 * weight * 0.2689414213699951))
  }

  @Test func pro() throws {
    // T = 1, l' = (−5, −3): log(e^−5 + e^−3) + 5 = log(1 + e²) = 2.1269280110; plus 0.05·1²·10.
    let value = try value(.pro, model: .pl)
    #expect(agrees(value.loss, 2.1269280110429727 + 0.5))
    // σ(2) = 0.8807970780: −σ(2)/2 − 0.05 and σ(2)/4
    #expect(agrees(value.gradient, [-0.4403985390 - 0.05, 0.2201992695], 1e-9))
  }

  @Test func kto() throws {
    // KL = 0: 1 − σ(½) for both (D_l = −1): mean 0.3775406688; slope −½·½·σ(½)σ(−½) for the winner.
    let value = try value(.kto)
    #expect(agrees(value.loss, 0.3775406687981454))
    #expect(agrees(value.gradient, [-0.25 * 0.2350037122, 0.25 * 0.2350037122], 1e-9))
    #expect(KTOLoss.klEstimate(mismatchedLogRatios: [1, 3, -1]) == 1)
    #expect(KTOLoss.klEstimate(mismatchedLogRatios: [1, -3]) == 0)
    #expect(KTOLoss.klEstimate(mismatchedLogRatios: []) == 0)
  }

  /// s = (log 2, log 3, 0), rewards (2, 1, 0).
  @Test func lists() throws {
    let group = PreferenceFixture.group(scores: [log(2), log(3), 0], beta: 0.5, rewards: [2, 1, 0])
    // Plackett–Luce: log((2+3+1)/2) + log((3+1)/3) = log 4; ds = (2/6 − 1, 3/6 + 3/4 − 1, 1/6 + 1/4).
    let pl = try Objective(model: .pl, parameterization: .dpo, beta: 0.5)
    let ranked = try #require(pl.visit(group)).value
    #expect(agrees(ranked.loss, log(4)))
    let rankedGradient: [Double] = [-1 / 3, 0.125, 5 / 24]
    #expect(agrees(ranked.gradient, rankedGradient))
    // HPS at γ = log 3: q = (3/4, 1/4), N = 2: log((2 + 2(3·3/4 + 1/4))/2) = log 3.5; a = (4.5/7, 0.5/7).
    let hps = try Objective(model: .hps, parameterization: .dpo, estimator: .expectation, beta: 0.5)
    let (selection, hard) = try #require(hps.visit(group, gamma: log(3.0)))
    #expect(agrees(selection.probabilities, [0, 0.75, 0.25]))
    #expect(agrees(hard.loss, log(3.5)))
    let hardGradient: [Double] = [-2.5 / 7, 2.25 / 7, 0.25 / 7]
    #expect(agrees(hard.gradient, hardGradient))
    // Ties make no statement: with rewards (2, 1, 1) only the first factor is left, log 3.
    let tied = PreferenceFixture.group(scores: [log(2), log(3), 0], beta: 0.5, rewards: [2, 1, 1])
    #expect(agrees(try #require(pl.visit(tied)).value.loss, log(3)))
  }

  @Test func valuesStayFiniteInTheTails() {
    for objective in Objective.all(beta: 1) {
      for size in [1e3, -1e3, 700, -745] {
        let list = ScoredGroup(
          logProbs: [size, -size, 0], referenceLogProbs: [0, 0, 0], lengths: [3, 4, 5], rewards: [3, 2, 0])
        for gamma in [-50.0, 0, 50] {
          guard let value = objective.visit(list, gamma: gamma)?.value else {
            Issue.record("\(objective.name) found no candidate")
            continue
          }
          #expect(value.loss.isFinite, "\(objective.describe()) at \(size)")
          #expect(!value.gradient.contains { !$0.isFinite }, "\(objective.describe()) at \(size)")
        }
      }
    }
  }
}
