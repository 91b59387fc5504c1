import CKernels
import Foundation

// MARK: Soft-max over a vocabulary, tile by tile

extension CPUDevice {
  /// The type of a tile's exponentials: bf16 where that is multiplied as it is.
  public var probabilityType: ElementType { panelFormat == .pairs ? .bf16 : .fp32 }

  /// One tile of logits [m, tile]: updates the running maxima and sums of its rows, leaves exp(logit − maximum) in
  /// `probabilities`' type, and returns nothing of the logits themselves.
  ///
  /// - Returns: the tile's exponentials, of `probabilityType`, in the memory of `logits`.
  /// - Parameters:
  ///   - maxima, sums: [1, m], running.
  ///   - correction: [1, m], what sums taken before this tile must be multiplied by (already done to `sums`).
  ///   - cap: what the logits were capped to: each exponential, but not its part of the sum, is multiplied by
  ///     1 − (logit / cap)², the slope of the cap.
  public func onlineSoftmax(
    _ logits: Matrix, maxima: Matrix, sums: Matrix, correction: Matrix, cap: Float? = nil
  ) -> Matrix {
    let p = probabilityType == .bf16 ? logits.narrowed : logits
    kernels.online_softmax(
      Int64(logits.rows), Int64(logits.columns), logits.floats, Int64(logits.stride), maxima.floats, sums.floats,
      correction.floats, cap ?? 0, p.base, Int64(p.stride), p.type.kernelType)
    return p
  }

  /// x = cap · tanh(x / cap).
  public func capLogits(_ x: Matrix, cap: Float) {
    precondition(x.isWritable && cap > 0)
    kernels.cap_logits(Int64(x.rows), Int64(x.columns), x.floats, Int64(x.stride), cap)
  }

  /// y[i] *= factors[i].
  public func scaleRows(_ y: Matrix, by factors: Matrix) {
    precondition(factors.columns == y.rows)
    kernels.scale_rows(Int64(y.rows), Int64(y.columns), y.floats, Int64(y.stride), factors.floats)
  }

  /// Joins the parts of a soft-max taken over separate column ranges.
  ///
  /// - Parameters:
  ///   - maxima, sums: [parts, rows].
  ///   - means: per part [rows, H], the sums Σ exp(logit − maximum) · w; nil where only the log-sum-exp is wanted.
  ///   - logSums: [1, rows], log Σ exp(logit).
  ///   - mean: [rows, H], Σ p · w over all parts.
  public func joinSoftmax(
    maxima: Matrix, sums: Matrix, means: [Matrix]?, rows: Range<Int>, logSums: Matrix, mean: Matrix?
  ) {
    let parts = maxima.rows
    for row in rows {
      var maximum = -Float.infinity
      for part in 0..<parts { maximum = max(maximum, maxima.floats[part * maxima.stride + row]) }
      var sum: Float = 0
      for part in 0..<parts {
        sum += sums.floats[part * sums.stride + row] * exp(maxima.floats[part * maxima.stride + row] - maximum)
      }
      logSums.floats[row] = maximum + log(sum)
      guard let means, let mean else { continue }
      let target = mean.rows(row..<row + 1)
      fill(target, with: 0)
      for part in 0..<parts {
        let weight = exp(maxima.floats[part * maxima.stride + row] - maximum) / sum
        if weight > 0 { add(means[part].rows(row..<row + 1), times: weight, to: target) }
      }
    }
  }
}
