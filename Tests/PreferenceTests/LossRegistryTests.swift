import Testing

@testable import Preference

/// What the registered losses declare, held against what they do. A new loss is covered by being registered.
struct LossRegistryTests {
  private static let shipped = [
    "dpo", "exo", "ipo", "sppo", "nca", "infonca", "cdpo", "robust", "rdpo", "simpo", "slic", "hinge", "lipo", "pro",
    "kto", "apo_zero",
  ]

  /// Names and keys of run files, which stay; later ones come after them.
  @Test func namesAndKeysStay() {
    let names = LossRegistry.standard.names
    #expect(Array(names.prefix(16)) == Self.shipped)
    let shipped = LossRegistry(Array(LossRegistry.standard.losses.prefix(16)))
    #expect(
      shipped.options.map(\.key) == [
        "label_smoothing", "reward_temperature", "length_weight", "simpo_gamma", "gamma_beta_ratio", "slic_delta",
        "nll_weight", "lipo_labels", "desirable_weight", "undesirable_weight", "desirable_threshold",
      ])
    #expect(shipped.options.filter { $0.sharedKey != nil }.map(\.key) == ["length_weight"])
    for loss in LossRegistry.standard.losses {
      #expect(Parameterization(rawValue: loss.rawValue) == loss)
      for model in PreferenceModel.allCases {
        guard let objective = try? Objective(model: model, parameterization: loss) else { continue }
        #expect(LossRegistry.standard.loss(ofObjective: objective.name) == loss)
      }
    }
    #expect(LossRegistry.standard.loss(ofObjective: "dpo") == nil && LossRegistry.standard["DPO"] == nil)
  }

  /// The hull of what the readers take, and every reader.
  @Test func aSharedKeyTakesWhatOneOfItsLossesTakes() throws {
    let smoothing = try #require(LossRegistry.standard.options.first { $0.key == "label_smoothing" })
    #expect(smoothing.readers.prefix(3) == [.exo, .cdpo, .robust])
    #expect(smoothing.kind == .number(.from(0).below(0.5)))
  }

  @Test func namesAndKeysAreWordsOfARunFile() {
    func isKey(_ text: String) -> Bool {
      text.first?.isLetter == true && text.allSatisfy { $0 == "_" || ("a"..."z").contains($0) || $0.isNumber }
    }
    for loss in LossRegistry.standard.losses {
      #expect(isKey(loss.rawValue), "\(loss)")
      for option in loss.loss.options {
        #expect(isKey(option.key), "\(loss) \(option.key)")
        #expect(!option.meaning.isEmpty, "\(loss) \(option.key)")
        #expect(!option.otherValues.isEmpty, "\(loss) \(option.key)")
        // The default is a value that the option takes.
        switch option.kind {
        case .number(let range, let standard?): #expect(range.contains(standard), "\(loss) \(option.key)")
        case .number: break
        case .word(let words, let standard): #expect(words.contains(standard), "\(loss) \(option.key)")
        }
      }
    }
  }

  @Test func everyLossHasWords() {
    for objective in Objective.all(beta: 0.1) {
      let formula = objective.loss.formula(objective.context())
      #expect(!formula.isEmpty && !formula.hasSuffix(".") && !formula.hasPrefix("Loss"), "\(formula)")
    }
    // Each accepted setting says something of its own, unless it is one that changes nothing.
    let variants = Objective.variants(beta: 0.1).filter { $0.options.normalise == nil && $0.options.convention == nil }
    let words = variants.map { $0.describe() }
    #expect(Set(words).count == words.count)
  }

  @Test func traitsFitTheForms() {
    for loss in LossRegistry.standard.losses {
      let traits = loss.loss.traits
      #expect(traits.estimators.contains(.sample), "\(loss)")
      #expect(!traits.estimators.contains(.sampleN) || loss.loss is any HardNegativeLoss, "\(loss)")
      #expect(!traits.models.isEmpty && traits.pairConventions.contains(.paper), "\(loss)")
      for option in [traits.likelihood?.weight].compactMap({ $0 })
        + traits.alternatives.flatMap({ [$0.first, $0.second] })
      {
        #expect(loss.loss.options.contains(option), "\(loss) \(option.key)")
      }
      if !traits.usesReference { #expect(!traits.needsKL, "\(loss)") }
    }
  }

  /// One negative of weight 1 is the pair.
  @Test func hardNegativesOfOneAreThePair() throws {
    for loss in LossRegistry.standard.losses {
      guard let hard = loss.loss as? any HardNegativeLoss else { continue }
      let context = try Objective(model: .bt, parameterization: loss, beta: 0.4).context()
      for (w, l) in [(1.0, -2.0), (-3, 5), (0, 0), (40, -40)] {
        let winner = RatedResponse(logRatio: w, length: 3, reward: 1)
        let loser = RatedResponse(logRatio: l, length: 4, reward: 0)
        let value = hard.hardNegatives(best: winner, [loser], logWeights: [0], candidates: 1, context)
        let pair = loss.loss.pair(winner, loser, context)
        #expect(agrees([value.loss] + value.gradient, [pair.loss, pair.winner, pair.loser], 1e-12), "\(loss)")
      }
    }
    #expect(Parameterization.dpo.loss is any HardNegativeLoss)
  }

  /// The gradient at a margin of 60 against the one at 0: nothing, or what label smoothing leaves.
  @Test func saturationIsWhatIsSaid() throws {
    for loss in LossRegistry.standard.losses where loss.loss.traits.saturatesWithMargin {
      let context = try Objective(model: .bt, parameterization: loss, beta: 1).context()
      func slope(_ margin: Double) -> Double {
        let loser = RatedResponse(logRatio: 0, length: 5, reward: 0)
        return abs(loss.loss.pair(RatedResponse(logRatio: margin, length: 5, reward: 1), loser, context).winner)
      }
      #expect(slope(0) > 0)
      #expect(slope(60) <= 0.3 * slope(0), "\(loss): \(slope(60)) and \(slope(0))")
    }
    #expect(LossRegistry.standard.losses.filter { $0.loss.traits.saturatesWithMargin }.contains(.dpo))
  }

  @Test func rangesInWords() {
    let ranges: [(NumberRange, String, String)] = [
      (.any, "a finite number", "a number"),
      (.from(0), "a finite number from 0 on", "a number of at least 0"),
      (.above(0.5), "a finite number above 0.5", "a number above 0.5"),
      (.any.to(1), "a finite number up to 1", "a number of at most 1"),
      (.any.below(-1), "a finite number below -1", "a number below -1"),
      (.from(0).to(1), "from 0 to 1", "a number of at least 0 and at most 1"),
      (.from(0).below(0.5), "from 0 to below 0.5", "a number of at least 0 and below 0.5"),
      (.above(0).to(1), "above 0 and at most 1", "a number above 0 and at most 1"),
      (
        .above(0).below(1).noting("(0.1 is usual)"), "above 0 and below 1 (0.1 is usual)",
        "a number above 0 and below 1"
      ),
    ]
    for (range, words, expectation) in ranges {
      #expect(range.words == words)
      #expect(range.expectation == expectation)
      #expect(!range.contains(.nan) && !range.contains(.infinity) && !range.contains(-.infinity))
    }
    #expect(NumberRange.from(0).contains(0) && !NumberRange.above(0).contains(0) && NumberRange.any.contains(-1e300))
    #expect(NumberRange.any.to(1).contains(1) && !NumberRange.any.below(1).contains(1))
    #expect(NumberRange.above(0).below(0.5).union(.from(0).to(0.25)) == .from(0).below(0.5))
    #expect(NumberRange.from(0).to(1).union(.above(-1)) == .above(-1))
  }
}
