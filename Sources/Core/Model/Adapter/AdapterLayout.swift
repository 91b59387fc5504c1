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

/// One adapted module and where its factors lie in the flat buffers of parameters and gradients.
public struct AdaptedLinear: Sendable, Equatable {
  public let address: LinearAddress
  public let rank: Int
  /// The factor in front of (xAᵀ)Bᵀ.
  public let scale: Float
  public let inputs: Int
  public let outputs: Int
  /// The rows of B that belong to each of the module's linears.
  let rows: [Range<Int>]
  /// Where files have B's rows elsewhere.
  public let storedRows: StoredRows?
  /// A, [rank, in], row-major.
  public let downOffset: Int
  /// B, [out, rank], row-major.
  public let upOffset: Int
  /// Where its rank columns begin among the low-rank activations of its layer.
  let activationColumn: Int

  public var layer: Int { address.layer }

  /// Where A lies.
  public var down: Range<Int> { downOffset..<downOffset + rank * inputs }
  /// Where B lies.
  public var up: Range<Int> { upOffset..<upOffset + rank * outputs }

  /// The rows of B of one of its linears; nil for another's.
  func rows(_ kind: LinearKind) -> Range<Int>? { address.module.parts.firstIndex(of: kind).map { rows[$0] } }
}

/// Where every factor of an adapter lies. Layers follow one another; in a layer, first the A matrices, grouped by the
/// input they share, then the B matrices.
public struct AdapterLayout: Sendable, Equatable {
  public let linears: [AdaptedLinear]
  /// Numbers in the flat buffer.
  public let count: Int
  /// Where the B matrices lie: one range a layer.
  public let ups: [Range<Int>]
  /// The place in `linears` where each layer begins, and the end.
  private let starts: [Int]
  /// Low-rank activation columns of the layer that has most.
  let activationColumns: Int

  init(configuration: LoRAConfiguration, model: ModelConfiguration) {
    self.init(modules: configuration.modules(of: model), model: model)
  }

  /// - Parameter modules: by layer, and in a layer in the order of `LinearInput.allCases`.
  init(modules: [AdaptedModule], model: ModelConfiguration) {
    let byLayer = Dictionary(grouping: modules, by: \.address.layer)
    var linears: [AdaptedLinear] = []
    var starts = [0]
    var ups: [Range<Int>] = []
    var (offset, widest) = (0, 0)
    for layer in 0..<model.layerCount {
      let own = byLayer[layer] ?? []
      var downs: [Int] = []
      for module in own {
        downs.append(offset)
        offset += module.rank * module.address.module.shape(in: model).inputs
      }
      let firstUp = offset
      var column = 0
      for (module, down) in zip(own, downs) {
        let (outputs, inputs) = module.address.module.shape(in: model)
        linears.append(
          AdaptedLinear(
            address: module.address, rank: module.rank, scale: Float(module.scale), inputs: inputs, outputs: outputs,
            rows: module.address.module.rows(in: model),
            storedRows: module.address.module.storedRows(in: model), downOffset: down, upOffset: offset,
            activationColumn: column))
        offset += module.rank * outputs
        column += module.rank
      }
      ups.append(firstUp..<offset)
      starts.append(linears.count)
      widest = max(widest, column)
    }
    self.linears = linears
    self.starts = starts
    self.ups = ups
    count = offset
    activationColumns = widest
  }

  /// The adapted modules of one layer.
  func linears(layer: Int) -> ArraySlice<AdaptedLinear> { linears[starts[layer]..<starts[layer + 1]] }

  /// The adapted modules of one layer that read `input`; their A matrices and activation columns are adjacent.
  func linears(layer: Int, input: LinearInput) -> ArraySlice<AdaptedLinear> {
    let all = linears(layer: layer)
    func reads(_ linear: AdaptedLinear) -> Bool { input.kinds.contains(linear.address.module.parts[0]) }
    guard let first = all.firstIndex(where: reads) else { return [] }
    let end = all[first...].firstIndex { !reads($0) } ?? all.endIndex
    return all[first..<end]
  }

  /// The deepest place where an adapted module reads its input: the backward pass stops there.
  var reach: BackwardReach? {
    linears.first.flatMap { lowest in
      let kind = lowest.address.module.parts[0]
      return LinearInput.allCases.first { $0.kinds.contains(kind) }.map {
        BackwardReach(layer: lowest.layer, input: $0)
      }
    }
  }
}
