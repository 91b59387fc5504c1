/// What a low-rank adapter looks like (Hu et al., "LoRA", 2021): y = xWᵀ + scale · (xAᵀ)Bᵀ with A [rank, in], B [out, rank],
/// on some modules of some layers. Named as in PEFT's `LoraConfig`.
public struct LoRAConfiguration: Sendable, Equatable {
  /// Of modules that no pattern names.
  public let rank: Int
  public let alpha: Double
  public let targets: ModuleSelection
  /// Rank-stabilised scale (Kalajdzievski, 2023): alpha / √rank in place of alpha / rank.
  public let useRSLoRA: Bool
  /// PEFT's `lora_dropout`, kept so that an adapter is written back as it was read. Applying it is the trainer's part.
  public let dropout: Double
  /// Modules that are left out although `targets` names them; nil for none.
  public var excluded: ModuleSelection?
  /// Nil for every layer. Modules that `targets` gives by their whole name are adapted in any layer.
  public var layers: LayerSelection?
  public var rankPattern: [PatternValue<Int>] = []
  public var alphaPattern: [PatternValue<Double>] = []
  /// DoRA (Liu et al., 2024): y = m / ‖W + scale · BA‖ · (xWᵀ + scale · (xAᵀ)Bᵀ), with the norm of each row and m [out].
  public var usesDoRA = false
  /// What comes before ".layers.3.mlp.up_proj" in modules' names: "model", or what a model of several kinds of input
  /// wraps around its decoder.
  public var namePrefix = "model"

  public init(rank: Int, alpha: Double, targets: ModuleSelection, useRSLoRA: Bool = false, dropout: Double = 0) {
    self.rank = rank
    self.alpha = alpha
    self.targets = targets
    self.useRSLoRA = useRSLoRA
    self.dropout = dropout
  }

  /// On some linears of a model whose linears have modules of their own.
  public init(
    rank: Int, alpha: Double, targetModules: some Sequence<LinearKind>, useRSLoRA: Bool = false, dropout: Double = 0
  ) {
    let targets = Set(targetModules)
    self.init(
      rank: rank, alpha: alpha,
      targets: .names(LinearKind.allCases.filter(targets.contains).map(\.rawValue)), useRSLoRA: useRSLoRA,
      dropout: dropout)
  }

  /// Every adapted module of `model`, by layer and in the order of `LayerDescription.modules`.
  public func modules(of model: ModelConfiguration) -> [AdaptedModule] {
    let all = (0..<max(model.layerCount, 0)).flatMap { layer in
      model.layer.modules.map { LinearAddress(layer: layer, module: $0) }
    }
    let names = all.map(name)
    let wanted = targets.selected(names)
    let unwanted = excluded?.selected(names)
    let whole: Set<String> = if case .names(let names) = targets { Set(names) } else { [] }
    return all.indices.compactMap { index in
      let (address, name) = (all[index], names[index])
      guard wanted[index], unwanted?[index] != true else { return nil }
      // PEFT looks at the layer only of what a list does not give by its whole name.
      if let layers, !whole.contains(name), !layers.contains(layer: address.layer, name: name) { return nil }
      return AdaptedModule(
        address: address, rank: rankPattern.value(for: name) ?? rank, alpha: alphaPattern.value(for: name) ?? alpha,
        useRSLoRA: useRSLoRA)
    }
  }

  /// The factor in front of (xAᵀ)Bᵀ of modules that no pattern names.
  public var scale: Double { useRSLoRA ? alpha / Double(rank).squareRoot() : alpha / Double(rank) }

  /// A module's name as patterns, targets and the keys of PEFT's files have it.
  public func name(_ address: LinearAddress) -> String {
    guard address.module.list == LinearModule.plainList else { return address.description }
    return "\(namePrefix).layers.\(address.layer).\(address.module.path)"
  }
}

/// A module of a model with the rank and alpha that its adapter gives it.
public struct AdaptedModule: Sendable, Equatable {
  public let address: LinearAddress
  public let rank: Int
  public let alpha: Double
  public let useRSLoRA: Bool

  /// The factor in front of (xAᵀ)Bᵀ.
  public var scale: Double { useRSLoRA ? alpha / Double(rank).squareRoot() : alpha / Double(rank) }
}
