/// How generation draws its tokens.
public struct SamplingSettings: Sendable, Equatable {
  /// Logits are divided by it; positive.
  public var temperature: Double
  /// Only the smallest set of tokens whose probability reaches this is drawn from (Holtzman et al., 2020); in (0, 1].
  public var topP: Double
  public var maxNewTokens: Int
  /// Ids that end a sequence.
  public var stopTokenIDs: [Int32]
  /// Take the most probable token, the lowest id among equals; temperature and topP are then not used.
  public var greedy: Bool

  public init(
    temperature: Double = 0.9, topP: Double = 1, maxNewTokens: Int = 128, stopTokenIDs: [Int32] = [],
    greedy: Bool = false
  ) {
    self.temperature = temperature
    self.topP = topP
    self.maxNewTokens = maxNewTokens
    self.stopTokenIDs = stopTokenIDs
    self.greedy = greedy
  }

  func check() throws {
    guard maxNewTokens >= 0 else {
      throw ModelError.badSampling(reason: "max new tokens is \(maxNewTokens), and must not be negative")
    }
    guard !greedy else { return }
    guard temperature.isFinite, temperature > 0 else {
      throw ModelError.badSampling(reason: "temperature is \(temperature), and must be a positive number")
    }
    guard topP > 0, topP <= 1 else {
      throw ModelError.badSampling(reason: "top-p is \(topP), and must be above 0 and at most 1")
    }
  }
}
