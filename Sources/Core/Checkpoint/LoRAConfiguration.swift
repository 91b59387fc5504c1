/// What a low-rank adapter looks like (Hu et al., "LoRA", 2021): y = xWᵀ + scale · (xAᵀ)Bᵀ with A [rank, in], B [out, rank].
public struct LoRAConfiguration: Sendable, Equatable {
  public let rank: Int
  public let alpha: Double
  /// In the order of `LinearKind.allCases`, each once.
  public let targetModules: [LinearKind]
  /// Rank-stabilised scale (Kalajdzievski, 2023): alpha / √rank in place of alpha / rank.
  public let useRSLoRA: Bool
  /// PEFT's `lora_dropout`, kept so that an adapter is written back as it was read. Applying it is the trainer's part.
  public let dropout: Double

  public init(
    rank: Int, alpha: Double, targetModules: some Sequence<LinearKind>, useRSLoRA: Bool = false, dropout: Double = 0
  ) {
    self.rank = rank
    self.alpha = alpha
    let targets = Set(targetModules)
    self.targetModules = LinearKind.allCases.filter(targets.contains)
    self.useRSLoRA = useRSLoRA
    self.dropout = dropout
  }

  /// The factor in front of (xAᵀ)Bᵀ.
  public var scale: Double {
    useRSLoRA ? alpha / Double(rank).squareRoot() : alpha / Double(rank)
  }

  /// Every adapted linear of a model with `layerCount` layers, in order.
  public func addresses(layerCount: Int) -> [LinearAddress] {
    (0..<max(layerCount, 0)).flatMap { layer in targetModules.map { LinearAddress(layer: layer, kind: $0) } }
  }
}
