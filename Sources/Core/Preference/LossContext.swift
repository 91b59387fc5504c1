/// What a loss is told beside the responses.
public struct LossContext: Sendable {
  public var model: PreferenceModel
  /// hps only.
  public var estimator: Estimator?
  /// Scale β of the implicit reward.
  public var beta: Double
  public var convention: Convention?
  /// Estimate of KL(policy ‖ reference) over the step's mismatched pairs, nats; 0 unless the loss needs it.
  public var kl: Double
  var options: ObjectiveOptions

  /// What a list loss is a list of, for its formula.
  public var listed: String { model == .pl ? "all responses" : "the two responses" }

  /// The value of a number, or its default; NaN for an option that has none.
  public subscript(option: LossOption) -> Double {
    given(option)
      ?? {
        guard case .number(_, let standard?) = option.kind else { return .nan }
        return standard
      }()
  }

  /// The value of a number that was set; nil where the default holds.
  public func given(_ option: LossOption) -> Double? { options.number(option.key) }

  /// The value of a word, or its default; nil for an option that takes other words.
  public func word<Choice: RawRepresentable<String>>(_ option: LossOption, as type: Choice.Type = Choice.self)
    -> Choice?
  {
    guard case .word(_, let standard) = option.kind else { return nil }
    return Choice(rawValue: options.word(option.key) ?? standard)
  }
}

/// What a loss sees of one response.
public struct RatedResponse: Sendable, Equatable {
  /// D = l − l_ref (l alone for a loss without reference), summed over the tokens or divided by their number as the
  /// objective's normalisation says.
  public var logRatio: Double
  /// Scored tokens.
  public var length: Double
  /// Annotated reward, after `RewardScale`.
  public var reward: Double
}

/// A pair loss and its derivatives by the log-ratios of winner and loser.
public struct PairValue: Sendable, Equatable {
  public var loss: Double
  public var winner: Double
  public var loser: Double

  public init(loss: Double, winner: Double, loser: Double) {
    self.loss = loss
    self.winner = winner
    self.loser = loser
  }

  /// A loss of the difference alone: dL/dD_w = slope, dL/dD_l = −slope.
  public init(loss: Double, slope: Double) {
    self.init(loss: loss, winner: slope, loser: -slope)
  }
}
