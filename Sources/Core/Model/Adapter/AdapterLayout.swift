import Checkpoint

/// The linears that read one input, and so share one low-rank product: their A matrices lie under one another.
///
/// Ordered as the forward pass meets them; the backward pass meets them in reverse.
enum LinearInput: Int, CaseIterable, Sendable, Comparable {
  case attentionNorm, attentionOutput, mlpNorm, mlpInner

  var kinds: [LinearKind] {
    switch self {
    case .attentionNorm: [.q_proj, .k_proj, .v_proj]
    case .attentionOutput: [.o_proj]
    case .mlpNorm: [.gate_proj, .up_proj]
    case .mlpInner: [.down_proj]
    }
  }

  static func < (left: LinearInput, right: LinearInput) -> Bool { left.rawValue < right.rawValue }
}

/// One adapted linear and where its factors lie in the flat buffers of parameters and gradients.
public struct AdaptedLinear: Sendable, Equatable {
  public let layer: Int
  public let kind: LinearKind
  public let inputs: Int
  public let outputs: Int
  /// A, [rank, in], row-major.
  public let downOffset: Int
  /// B, [out, rank], row-major.
  public let upOffset: Int
  /// Where its rank columns begin among the low-rank activations of its layer.
  let activationColumn: Int

  public var address: LinearAddress { LinearAddress(layer: layer, kind: kind) }
}

/// Where every factor of an adapter lies. Layers follow one another; in a layer, first the A matrices, grouped by the
/// input they share, then the B matrices.
public struct AdapterLayout: Sendable, Equatable {
  public let rank: Int
  public let linears: [AdaptedLinear]
  /// Numbers in the flat buffer.
  public let count: Int
  public let layerCount: Int
  /// Adapted linears of one layer.
  let kinds: [LinearKind]

  init(configuration: LoRAConfiguration, model: ModelConfiguration) {
    let rank = configuration.rank
    var linears: [AdaptedLinear] = []
    var offset = 0
    let kinds = LinearInput.allCases.flatMap { $0.kinds.filter(configuration.targetModules.contains) }
    for layer in 0..<model.layerCount {
      var downs: [Int] = []
      for kind in kinds {
        downs.append(offset)
        offset += rank * kind.shape(in: model).inputs
      }
      for (index, kind) in kinds.enumerated() {
        let (outputs, inputs) = kind.shape(in: model)
        linears.append(
          AdaptedLinear(
            layer: layer, kind: kind, inputs: inputs, outputs: outputs, downOffset: downs[index], upOffset: offset,
            activationColumn: index * rank))
        offset += rank * outputs
      }
    }
    self.rank = rank
    self.linears = linears
    self.kinds = kinds
    layerCount = model.layerCount
    count = offset
  }

  /// The adapted linears of one layer.
  func linears(layer: Int) -> ArraySlice<AdaptedLinear> { linears[layer * kinds.count..<(layer + 1) * kinds.count] }

  /// The adapted linears of one layer that read `input`; their A matrices and activation columns are adjacent.
  func linears(layer: Int, input: LinearInput) -> ArraySlice<AdaptedLinear> {
    let all = linears(layer: layer)
    let kinds = input.kinds
    guard let first = all.firstIndex(where: { kinds.contains($0.kind) }) else { return [] }
    let end = all[first...].firstIndex { !kinds.contains($0.kind) } ?? all.endIndex
    return all[first..<end]
  }

  /// The deepest input that any adapted linear reads, the same in every layer: backward stops below it in layer 0.
  var lowestInput: LinearInput? {
    LinearInput.allCases.first { input in input.kinds.contains { kinds.contains($0) } }
  }
}
