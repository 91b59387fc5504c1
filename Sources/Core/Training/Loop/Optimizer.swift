import Base
import Checkpoint
import Device

/// AdamW (Loshchilov & Hutter 2019) with PyTorch's defaults, on the adapter's flat parameter buffer.
struct Optimizer {
  let weightDecay: Double
  /// Largest L2 norm of the whole gradient; longer gradients are scaled down to it. 0 or less: no clipping.
  let maxGradientNorm: Double
  /// First and second moments, one number a parameter.
  let firstMoment: FloatBuffer
  let secondMoment: FloatBuffer
  /// Updates done.
  private(set) var updates = 0
  /// Parameters with a learning rate of their own: those of B under LoRA+ (Hayou et al., 2024).
  private let faster: (runs: [Range<Int>], factor: Double)?

  init(
    count: Int, weightDecay: Double, maxGradientNorm: Double, faster: (runs: [Range<Int>], factor: Double)? = nil
  ) {
    self.weightDecay = weightDecay
    self.faster = faster
    self.maxGradientNorm = maxGradientNorm
    firstMoment = FloatBuffer(count: count)
    secondMoment = FloatBuffer(count: count)
  }

  /// One update in place. `norm` is the gradient's L2 norm.
  mutating func update(
    _ parameters: FloatBuffer, gradients: FloatBuffer, norm: Double, learningRate: Double, device: any Device
  ) {
    updates += 1
    var update = AdamW(
      step: updates, learningRate: learningRate, weightDecay: weightDecay, clip: clipFactor(norm: norm))
    update.faster = faster
    device.adamW(
      update, parameters: parameters, gradients: gradients, m: firstMoment, v: secondMoment)
  }

  /// Factor that brings a gradient of L2 norm `norm` to at most `maxGradientNorm`; the formula of
  /// `torch.nn.utils.clip_grad_norm_`, its 1e-6 included.
  func clipFactor(norm: Double) -> Double {
    maxGradientNorm > 0 ? min(1, maxGradientNorm / (norm + 1e-6)) : 1
  }

  /// The state of an earlier process.
  mutating func restore(_ moments: CheckpointStore.Moments) throws {
    for (stored, moment) in [(moments.first, firstMoment), (moments.second, secondMoment)] {
      guard stored.elementCount == moment.count else {
        throw TrainingError.setting("the checkpoint's optimizer state belongs to another adapter")
      }
      let piece = 1 << 20
      for start in stride(from: 0, to: moment.count, by: piece) {
        moment.copy(from: stored.float32(elements: start..<min(start + piece, moment.count)), at: start)
      }
    }
    updates = moments.updates
  }
}
