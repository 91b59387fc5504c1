import Base
import DeviceCPU
import Testing

@testable import Training

/// LoRA+: the learning rate of B is a multiple of that of A, whatever that is at the moment.
@Suite struct LoRAPlusTests {
  /// Under a constant gradient every step of Adam is as long as the learning rate.
  @Test func theRatioHoldsForEveryLearningRate() {
    let device = CPUDevice(threads: 2, precision: .fp32)
    let count = 1 << 17
    let fast = [10..<20, 70_000..<100_000, count - 1..<count]
    var optimizer = Optimizer(count: count, weightDecay: 0, maxGradientNorm: 0, faster: (fast, 8))
    let parameters = FloatBuffer(count: count)
    let gradients = FloatBuffer([Float](repeating: 0.5, count: count))
    for rate in [1e-3, 2.5e-3] {
      optimizer.update(
        parameters, gradients: gradients, norm: device.norm(gradients), learningRate: rate, device: device)
    }
    let moved = parameters.array
    for index in moved.indices {
      let expected: Float = fast.contains { $0.contains(index) } ? -8 * 3.5e-3 : -3.5e-3
      if abs(moved[index] / expected - 1) > 1e-5 {
        Issue.record("parameter \(index) moved by \(moved[index]), not by \(expected)")
        return
      }
    }
  }
}
