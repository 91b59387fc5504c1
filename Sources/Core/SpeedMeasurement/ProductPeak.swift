import DeviceCPU

/// The speed of the processor's products, measured: multiplying and adding registers on every thread, of the kind that the
/// runtime's products make, without anything to fetch. What every share of peak is a share of.
public struct ProductPeak {
  private let runtime: CPUDevice
  /// Rounds that take about a twentieth of a second.
  private let rounds: Int

  /// - Parameter runtime: its precision and kernel level decide which products.
  public init(runtime: CPUDevice) {
    self.runtime = runtime
    let trial = 20_000
    let time = seconds { _ = runtime.registerProducts(rounds: trial) }
    rounds = max(trial, Int(0.05 / max(time, 1e-6) * Double(trial)))
  }

  /// Operations a second, over `count` readings in a row.
  public func measure(count: Int = 4) -> Double {
    var operations = 0.0
    let time = seconds { for _ in 0..<count { operations += runtime.registerProducts(rounds: rounds) } }
    return operations / time
  }
}
