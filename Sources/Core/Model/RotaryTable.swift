import Checkpoint
import Device
import Foundation

/// Cosines and sines of a rotary embedding (Su et al., RoFormer, 2021) for positions 0..<count: rows [cos | sin].
struct RotaryTable: Sendable {
  private let memory: DeviceMemory

  var tensor: Tensor { memory.tensor }
  var count: Int { tensor.rows }

  init(_ embedding: RotaryEmbedding, count: Int, device: any Device) {
    let frequencies = embedding.frequencies
    let amplitude = Float(embedding.scaling.amplitude)
    let half = frequencies.count
    var values = [Float](repeating: 0, count: count * half * 2)
    for position in 0..<count {
      for (index, frequency) in frequencies.enumerated() {
        // The angle is rounded to fp32 as in the field's reference implementation, so that long contexts agree with it.
        let angle = Double(Float(position) * frequency)
        values[position * half * 2 + index] = Float(cos(angle)) * amplitude
        values[position * half * 2 + half + index] = Float(sin(angle)) * amplitude
      }
    }
    memory = device.constant(values, rows: count, columns: half * 2)
  }
}

extension RopeScaling {
  /// What cosines and sines are multiplied by. Both the rotation and its way back take it in, so gradients are right.
  var amplitude: Double {
    switch self {
    case .none, .linear, .llama3: 1
    case .yarn(let yarn): yarn.amplitude
    case .longRope(_, let amplitude, _): amplitude
    }
  }
}

extension RotaryEmbedding {
  /// Inverse frequencies θ^(−2i/R), scaled as the configuration says.
  var frequencies: [Float] {
    (0..<dimension / 2).map { index in
      let frequency = 1 / pow(theta, Double(2 * index) / Double(dimension))
      switch scaling {
      case .none:
        return Float(frequency)
      case .linear(let factor):
        return Float(frequency / factor)
      case .llama3(let factor, let low, let high, let original):
        // Long waves are stretched by the factor, short ones kept, those between interpolated (Llama 3.1).
        let wavelength = 2 * Double.pi / frequency
        if wavelength < Double(original) / high { return Float(frequency) }
        if wavelength > Double(original) / low { return Float(frequency / factor) }
        let smooth = (Double(original) / wavelength - low) / (high - low)
        return Float((1 - smooth) * frequency / factor + smooth * frequency)
      case .yarn(let yarn):
        let share = yarn.interpolatedShare(index, theta: theta, dimension: dimension)
        return Float(share * frequency / yarn.factor + (1 - share) * frequency)
      case .longRope(let factors, _, _):
        return Float(frequency / factors[index])
      }
    }
  }
}

extension RopeScaling.Yarn {
  /// How much of frequency `index` is divided by the factor, 0 … 1 (Peng et al., 2023, section 3.2).
  fileprivate func interpolatedShare(_ index: Int, theta: Double, dimension: Int) -> Double {
    // The column whose wave turns so many times within the original length.
    func column(turns: Double) -> Double {
      Double(dimension) * log(Double(originalMaxPositions) / (turns * 2 * Double.pi)) / (2 * log(theta))
    }
    var (low, high) = (column(turns: betaFast), column(turns: betaSlow))
    if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    low = max(low, 0)
    high = min(high, Double(dimension - 1))
    if low == high { high += 0.001 }
    return min(max((Double(index) - low) / (high - low), 0), 1)
  }
}
