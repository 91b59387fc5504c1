import Checkpoint
import Foundation

/// A head that turns hidden states into rewards, computed in fp64 from the weights as they are stored.
public struct RewardHead: Sendable {
  /// W [1, H] or, with a gate, [objectives, H].
  private let weight: DenseMatrix
  private let gating: Gating?

  /// ArmoRM's gate: g = softmax(MLP(h) / temperature) · scale, with ReLU between the layers.
  private struct Gating: Sendable {
    let layers: [(weight: DenseMatrix, bias: [Float])]
    let scale: Double
    let temperature: Double
    /// T [objectives, objectives]: how much of one objective is taken off another.
    let transform: DenseMatrix
  }

  init(checkpoint: CheckpointFolder, score: ScoreHead?) throws {
    let hidden = checkpoint.configuration.hiddenSize
    func matrix(_ name: String) throws -> DenseMatrix {
      let tensor = try checkpoint.tensor(name)
      return DenseMatrix(tensor.float32(), columns: tensor.shape.last ?? 1)
    }
    if let score {
      guard score.labels == 1, score.weight.count == hidden else {
        throw ModelError.tensorShape(
          name: "score.weight", found: [score.labels, score.weight.count / max(1, score.labels)], expected: [1, hidden])
      }
      (weight, gating) = (DenseMatrix(score.weight, columns: hidden), nil)
      return
    }
    switch checkpoint.configuration.head {
    case .logits:
      throw ModelError.givesNoReward("it predicts tokens and has no head that grades (…ForSequenceClassification)")
    case .labels(1): (weight, gating) = (try matrix("score.weight"), nil)
    case .labels(let count):
      throw ModelError.givesNoReward("its head gives \(count) labels, and a reward is one number")
    case .gatedObjectives(let gated):
      weight = try matrix("regression_layer.weight")
      gating = Gating(
        layers: try (0...gated.gateLayers).map {
          (try matrix("gating.layers.\($0).weight"), try checkpoint.tensor("gating.layers.\($0).bias").float32())
        },
        scale: Double(try checkpoint.tensor("gating.logit_scale").float32()[0]), temperature: gated.temperature,
        transform: try matrix("reward_transform_matrix"))
    }
  }

  /// Whether the prompt decides how objectives are weighed.
  public var hasGate: Bool { gating != nil }

  /// The gate's weights for a prompt whose last hidden state is `state` [H]; empty without a gate.
  func gate(at state: [Float]) -> [Double] {
    guard let gating else { return [] }
    var x = state.map(Double.init)
    for (index, layer) in gating.layers.enumerated() {
      x = zip(layer.weight.times(x), layer.bias).map { $0 + Double($1) }
      if index + 1 < gating.layers.count { x = x.map { max($0, 0) } }
    }
    let scaled = x.map { $0 / gating.temperature }
    let largest = scaled.max() ?? 0
    let powers = scaled.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum * gating.scale }
  }

  /// - Parameter gate: what `gate(at:)` gave.
  func reward(at state: [Float], gate: [Double]) -> Reward {
    let objectives = weight.times(state.map(Double.init))
    guard let gating else { return Reward(value: objectives[0]) }
    // r·T: a row vector times the matrix.
    let adjusted = gating.transform.transposedTimes(objectives)
    return Reward(value: zip(gate, adjusted).reduce(0) { $0 + $1.0 * $1.1 }, objectives: objectives, gate: gate)
  }
}

/// A small row-major matrix of the host.
private struct DenseMatrix: Sendable {
  let values: [Float]
  let columns: Int

  init(_ values: [Float], columns: Int) {
    self.values = values
    self.columns = columns
  }

  var rows: Int { columns > 0 ? values.count / columns : 0 }

  /// M·x.
  func times(_ x: [Double]) -> [Double] {
    (0..<rows).map { row in
      var sum = 0.0
      for column in 0..<columns { sum += Double(values[row * columns + column]) * x[column] }
      return sum
    }
  }

  /// Mᵀ·x.
  func transposedTimes(_ x: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: columns)
    for row in 0..<rows {
      for column in 0..<columns { sums[column] += Double(values[row * columns + column]) * x[row] }
    }
    return sums
  }
}
