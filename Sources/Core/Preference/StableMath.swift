import Foundation

/// Functions of one or many numbers that neither overflow nor cancel; NaN in gives NaN out.
public enum StableMath {
  /// σ(x) = 1/(1 + e^−x), by the branch whose exponential cannot overflow.
  public static func sigmoid(_ x: Double) -> Double {
    if x >= 0 { return 1 / (1 + exp(-x)) }
    let e = exp(x)
    return e / (1 + e)
  }

  /// log σ(x) = min(x, 0) − log(1 + e^−|x|).
  public static func logSigmoid(_ x: Double) -> Double {
    x >= 0 ? -log1p(exp(-x)) : x - log1p(exp(x))
  }

  /// e^x − 1 without cancellation near 0.
  public static func expMinusOne(_ x: Double) -> Double { expm1(x) }

  /// log Σ e^{x_i}; −∞ for no terms or only −∞ terms.
  public static func logSumExp(_ x: some Collection<Double>) -> Double {
    var top = -Double.infinity
    for value in x {
      if value.isNaN { return .nan }
      top = max(top, value)
    }
    guard top.isFinite else { return top }
    var sum = 0.0
    for value in x { sum += exp(value - top) }
    return top + log(sum)
  }

  /// log softmax(x)_i = x_i − log Σ e^{x_j}.
  public static func logSoftmax(_ x: [Double]) -> [Double] {
    let total = logSumExp(x)
    return x.map { $0 - total }
  }

  public static func softmax(_ x: [Double]) -> [Double] {
    logSoftmax(x).map { exp($0) }
  }
}
