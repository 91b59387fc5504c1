/// Which function of the sequence log-probs is minimised: a loss by its name. The shipped ones are `.dpo`, `.ipo`, …,
/// each declared beside its loss in Losses/; `LossRegistry.standard` lists them.
public struct Parameterization: Sendable {
  public let loss: any PreferenceLoss

  public init(_ loss: some PreferenceLoss) { self.loss = loss }
}

extension Parameterization: RawRepresentable, CaseIterable, Hashable, CustomStringConvertible {
  /// The loss's name in run files.
  public var rawValue: String { loss.name }

  /// A shipped loss; look for others in their registry.
  public init?(rawValue: String) {
    guard let known = LossRegistry.standard[rawValue] else { return nil }
    self = known
  }

  /// The shipped losses.
  public static var allCases: [Parameterization] { LossRegistry.standard.losses }

  public static func == (a: Parameterization, b: Parameterization) -> Bool { a.rawValue == b.rawValue }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }

  public var description: String { rawValue }
}
