import Numerics

/// The speed of the machine's matrix products, measured: y = x Wᵀ with M = N = K = 2048, the rows split between threads.
/// What every share of peak is a share of.
public struct ProductPeak {
  public static let size = 2048

  private let runtime: Runtime
  private let x, w, y: Matrix

  /// - Parameter runtime: its precision decides the inputs' type; sums and output are fp32.
  public init(runtime: Runtime) {
    let size = Self.size
    self.runtime = runtime
    let type = runtime.precision.elementType
    x = Matrix(zeros: size, size, type)
    w = Matrix(zeros: size, size, type)
    y = Matrix(zeros: size, size)
    // Numbers of ordinary size: products of zeros draw less power and may clock higher.
    var stream = RandomStream(seed: 1, purpose: .test)
    let noise = FloatBuffer((0..<size * size).map { _ in Float(Int32(bitPattern: stream.nextUInt32())) * 0x1p-31 })
    runtime.convert(noise.matrix(at: 0, rows: size, columns: size), into: x)
    runtime.convert(noise.matrix(at: 0, rows: size, columns: size), into: w)
    product()
  }

  /// Operations a second, over `count` products in a row.
  public func measure(count: Int = 8) -> Double {
    let time = seconds { for _ in 0..<count { product() } }
    let size = Double(Self.size)
    return 2 * size * size * size * Double(count) / time
  }

  private func product() {
    let rows = Self.size
    let threads = runtime.threads
    runtime.parallel(threads) { [runtime, x, w, y] task, _ in
      let part = rows * task / threads..<rows * (task + 1) / threads
      runtime.linear(x.rows(part), w, into: y.rows(part))
    }
  }
}
