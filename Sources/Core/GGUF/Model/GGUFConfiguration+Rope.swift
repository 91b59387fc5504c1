import Checkpoint
import Foundation
import JSON

extension GGUFConfiguration {
  /// `rope_theta` and, where positions are stretched, `rope_scaling`.
  func addRope(to config: inout JSONObject, headDimension: Int) throws {
    let theta = try shortest("rope.freq_base", upTo: 1e15, default: family == .gemma3 ? 1_000_000 : 10_000)
    config.set("rope_theta", .number(theta))
    if family == .gemma3 {
      // Of the layers with a window; the others have rope_theta and the scaling.
      config.set("rope_local_base_freq", .number(try shortest("rope.freq_base_swa", upTo: 1e15, default: 10_000)))
    }
    var scaling = try statedScaling()
    if let divisors = try frequencyDivisors(headDimension: headDimension) {
      guard scaling == nil else {
        throw fields.unsupported(
          "rope_freqs beside \(key("rope.scaling.type"))", supported: "one way to stretch positions")
      }
      let original = try fields.optionalInteger(key("rope.scaling.original_context_length"), 1...1 << 30)
      scaling = RopeDivisors(divisors, theta: theta).scaling(original: original)
      guard scaling != nil || divisors.allSatisfy({ $0 == 1 }) else {
        throw fields.unsupported(
          "rope_freqs that follow no known rule", supported: "those of linear and llama3 scaling")
      }
    }
    config.set("rope_scaling", scaling.map { .object($0) } ?? .null)
  }

  /// What the keys under rope.scaling say; nil for no scaling.
  private func statedScaling() throws -> JSONObject? {
    // Files from before 2024 have one key for linear scaling.
    let older = try fields.value(key("rope.scale_linear")).map { _ in try shortest("rope.scale_linear", upTo: 1e6) }
    let type = try fields.string(key("rope.scaling.type")) ?? (older == nil ? "none" : "linear")
    let factor = try older ?? shortest("rope.scaling.factor", upTo: 1e6, default: 1)
    if type == "none" || (type == "linear" && factor == 1) { return nil }
    var scaling = JSONObject([("rope_type", .string(type)), ("factor", .number(factor))])
    let original = key("rope.scaling.original_context_length")
    if type != "linear", let length = try fields.optionalInteger(original, 1...1 << 30) {
      scaling.set("original_max_position_embeddings", .integer(length))
    }
    if type == "yarn" {
      for (name, target) in [("yarn_beta_fast", "beta_fast"), ("yarn_beta_slow", "beta_slow")]
      where fields.value(key("rope.scaling.\(name)")) != nil {
        scaling.set(target, .number(try shortest("rope.scaling.\(name)", upTo: 1e6)))
      }
      for name in ["attn_factor", "yarn_ext_factor", "yarn_attn_factor", "yarn_log_multiplier"] {
        guard let value = fields.value(key("rope.scaling.\(name)")), value.number != 1 else { continue }
        throw fields.unsupported(
          "\(key("rope.scaling.\(name)")) (\(value))", supported: "YaRN with its usual constants")
      }
    }
    return scaling
  }

  /// The tensor `rope_freqs`: by what each frequency is divided.
  private func frequencyDivisors(headDimension: Int) throws -> [Double]? {
    guard let tensor = file[tensor: "rope_freqs.weight"] else { return nil }
    guard tensor.shape == [headDimension / 2], Dequantization.isSupported(tensor.type) else {
      throw CheckpointError.wrongShape(
        file: file.path, name: tensor.name, shape: tensor.shape, expected: [headDimension / 2])
    }
    return try GGUFWeights(file: file).floats(tensor, rows: 0..<1).map(Double.init)
  }
}

/// Recovers Llama 3's scaling from the divisors of the frequencies, in which llama.cpp's converter hides it.
///
/// With wavelengths λᵢ = 2π·θ^{2i/d}: 1 where λ < original / high, `factor` where λ > original / low, and between them
/// 1 / ((1 − s)/factor + s) with s = (original/λ − low)/(high − low).
struct RopeDivisors {
  let divisors: [Double]
  let theta: Double

  init(_ divisors: [Double], theta: Double) {
    self.divisors = divisors
    self.theta = theta
  }

  private func wavelength(_ index: Int) -> Double {
    2 * Double.pi * pow(theta, Double(index) / Double(divisors.count))
  }

  /// What the rule gives for one frequency.
  private func expected(_ index: Int, factor: Double, low: Double, high: Double, original: Double) -> Double {
    let wavelength = wavelength(index)
    if wavelength < original / high { return 1 }
    if wavelength > original / low { return factor }
    let smooth = (original / wavelength - low) / (high - low)
    return 1 / ((1 - smooth) / factor + smooth)
  }

  private func fits(factor: Double, low: Double, high: Double, original: Double) -> Bool {
    divisors.enumerated().allSatisfy { index, divisor in
      let expected = expected(index, factor: factor, low: low, high: high, original: original)
      return abs(divisor - expected) <= 2e-4 * expected
    }
  }

  /// `rope_scaling` of a config.json; nil where no rule gives these divisors, or none is needed.
  func scaling(original: Int?) -> JSONObject? {
    guard let factor = divisors.max(), factor.isFinite, factor > 1, divisors.allSatisfy({ $0 > 0 }) else { return nil }
    if divisors.allSatisfy({ $0 == factor }) {
      return JSONObject([("rope_type", .string("linear")), ("factor", .number(factor))])
    }
    // The published models have these constants; others are solved for.
    for length in [original, 8192].compactMap({ $0 }).map(Double.init)
    where fits(factor: factor, low: 1, high: 4, original: length) {
      return object(factor, 1, 4, length)
    }
    guard let (low, high, length) = solve(factor), fits(factor: factor, low: low, high: high, original: length) else {
      return nil
    }
    return object(factor, low, high, length)
  }

  /// s is a straight line in 1/λ: s = (original/(high − low))/λ − low/(high − low). Its zero and its one say where the two
  /// ends are; low is taken as 1, since only the ratios count.
  private func solve(_ factor: Double) -> (low: Double, high: Double, original: Double)? {
    let points = divisors.enumerated().compactMap { index, divisor -> (x: Double, s: Double)? in
      guard divisor > 1, divisor < factor else { return nil }
      return (1 / wavelength(index), (1 / divisor - 1 / factor) / (1 - 1 / factor))
    }
    guard let first = points.first, let last = points.last, first.x > last.x else { return nil }
    let slope = (first.s - last.s) / (first.x - last.x)
    let offset = slope * first.x - first.s
    guard slope > 0, offset > 0 else { return nil }
    let high = 1 + 1 / offset
    // The original length is a whole number.
    let original = (slope * (high - 1)).rounded()
    return (1...0x1p30).contains(original) ? (1, high, original) : nil
  }

  private func object(_ factor: Double, _ low: Double, _ high: Double, _ original: Double) -> JSONObject {
    JSONObject([
      ("rope_type", .string("llama3")), ("factor", .number(factor)), ("low_freq_factor", .number(low)),
      ("high_freq_factor", .number(high)), ("original_max_position_embeddings", .integer(Int(original))),
    ])
  }
}
