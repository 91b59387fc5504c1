import Checkpoint
import Device
import Foundation

/// Cosines and sines of the rotary embedding (Su et al., RoFormer, 2021) for positions 0..<count: rows [cos | sin].
struct RotaryTable: Sendable {
  private let memory: DeviceMemory

  var tensor: Tensor { memory.tensor }
  var count: Int { tensor.rows }

  init(configuration: ModelConfiguration, count: Int, device: any Device) {
    let frequencies = Self.frequencies(configuration)
    let half = frequencies.count
    var values = [Float](repeating: 0, count: count * half * 2)
    for position in 0..<count {
      for (index, frequency) in frequencies.enumerated() {
        // The angle is rounded to fp32 as in the field's reference implementation, so that long contexts agree with it.
        let angle = Double(Float(position) * frequency)
        values[position * half * 2 + index] = Float(cos(angle))
        values[position * half * 2 + half + index] = Float(sin(angle))
      }
    }
    memory = device.constant(values, rows: count, columns: half * 2)
  }

  /// Inverse frequencies θ^(−2i/d), scaled as the configuration says.
  static func frequencies(_ configuration: ModelConfiguration) -> [Float] {
    let dimension = configuration.headDimension
    return (0..<dimension / 2).map { index in
      let frequency = 1 / pow(configuration.ropeTheta, Double(2 * index) / Double(dimension))
      switch configuration.ropeScaling {
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
      }
    }
  }
}
