import Base
import CKernels

// MARK: Flat buffers

extension CPUDevice {
  public func adamW(_ update: AdamW, parameters: FloatBuffer, gradients: FloatBuffer, m: FloatBuffer, v: FloatBuffer) {
    let count = parameters.count
    precondition(
      gradients.count == count && m.count == count && v.count == count && update.step >= 1, "one length, step from 1")
    let correction1 = Float(1 - power(update.beta1, update.step))
    let correction2 = Float(1 - power(update.beta2, update.step))
    let chunk = 1 << 16
    let pieces = update.rates(count: count).flatMap { run, rate in
      stride(from: run.lowerBound, to: run.upperBound, by: chunk).map { start in
        (start: start, count: min(chunk, run.upperBound - start), rate: Float(rate))
      }
    }
    precondition(pieces.allSatisfy { $0.start >= 0 && $0.start + $0.count <= count }, "runs inside the buffers")
    parallel(pieces.count) { task, _ in
      let (start, length, rate) = pieces[task]
      self.kernels.adamw(
        Int64(length), parameters.floats + start, gradients.floats + start, m.floats + start, v.floats + start,
        Float(update.clip), rate, Float(update.beta1), Float(update.beta2), Float(update.epsilon),
        Float(update.weightDecay), correction1, correction2)
    }
  }

  /// The L2 norm, summed in Double: chunk by chunk, then over the chunks in their order.
  public func norm(_ buffer: FloatBuffer) -> Double {
    let chunk = 1 << 16
    let sums = parallelMap((buffer.count + chunk - 1) / chunk) { task in
      let start = task * chunk
      return self.kernels.sum_of_squares(Int64(min(chunk, buffer.count - start)), buffer.floats + start)
    }
    return sums.reduce(0, +).squareRoot()
  }

  /// y += a · x.
  public func add(_ x: FloatBuffer, times a: Float = 1, to y: FloatBuffer) {
    precondition(x.count == y.count, "one length")
    kernels.add_rows(1, Int64(x.count), a, x.floats, 0, y.floats, 0)
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var factor = base
    var left = exponent
    while left > 0 {
      if left & 1 == 1 { result *= factor }
      factor *= factor
      left >>= 1
    }
    return result
  }
}
