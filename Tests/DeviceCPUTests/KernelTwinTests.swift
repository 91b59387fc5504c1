import Base
import DeviceCPU
import Testing

/// Every vector kernel against its naive twin, at every level that this processor runs, on sizes that leave tails.
@Suite struct KernelTwinTests {
  static let levels = KernelLevel.available
  static let widths = [1, 7, 16, 33, 64, 100]
  let naive = CPUDevice(threads: 1, precision: .fp32, kernelLevel: .naive)

  @Test(arguments: levels, [ElementType.fp32, .bf16])
  func conversions(level: KernelLevel, type: ElementType) {
    let runtime = CPUDevice(threads: 1, precision: .fp32, kernelLevel: level)
    for width in Self.widths {
      let x = random(3, width, scale: 100)
      let found = Matrix(zeros: 3, width, type)
      let expected = Matrix(zeros: 3, width, type)
      runtime.convert(x, into: found)
      naive.convert(x, into: expected)
      #expect(found.values == expected.values)
      let back = Matrix(zeros: 3, width)
      runtime.convert(found, into: back)
      #expect(back.values == expected.values)
    }
  }

  /// Round to nearest even at the tie: 1 + 2^-8 lies between 1 and 1 + 2^-7 and goes to 1; 1 + 3·2^-8 goes to 1 + 2^-6.
  @Test(arguments: [.naive] + levels)
  func specialValuesInBF16(level: KernelLevel) {
    let runtime = CPUDevice(threads: 1, precision: .bf16, kernelLevel: level)
    let values: [Float] = [1 + 0x1p-8, 1 + 3 * 0x1p-8, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude, .nan]
    let expected: [Float] = [1, 1 + 0x1p-6, -0.0, .infinity, -.infinity, .infinity]
    let padded = values + [Float](repeating: .nan, count: 16)
    let found = Matrix(zeros: 1, padded.count, .bf16)
    runtime.convert(Matrix(padded, rows: 1, columns: padded.count), into: found)
    #expect(Array(found.values.prefix(6)) == expected)
    #expect(found.values.dropFirst(6).allSatisfy { $0.isNaN })
  }

  @Test(arguments: levels, [ElementType.fp32, .bf16])
  func norms(level: KernelLevel, type: ElementType) {
    let runtime = CPUDevice(threads: 1, precision: .fp32, kernelLevel: level)
    for width in Self.widths {
      let x = random(5, width)
      let weight = random(1, width)
      var outputs: [[Float]] = []
      for device in [naive, runtime] {
        let xhat = Matrix(zeros: 5, width, type)
        let y = Matrix(zeros: 5, width, type)
        let inverse = Matrix(zeros: 1, 5)
        let dx = random(5, width, seed: 3)
        device.rmsNorm(x, weight: weight, epsilon: 1e-5, xhat: xhat, inverse: inverse, into: y)
        device.rmsNormBackward(
          random(5, width, seed: 4), xhat: xhat, inverse: inverse, weight: weight, accumulateInto: dx)
        outputs.append(y.values + inverse.values + dx.values)
      }
      expectClose(outputs[1], outputs[0], type)
    }
  }

  @Test(arguments: levels, [ElementType.fp32, .bf16])
  func rotations(level: KernelLevel, type: ElementType) {
    let runtime = CPUDevice(threads: 1, precision: .fp32, kernelLevel: level)
    for dimension in [2, 8, 20, 64, 128] {
      let x = random(4, 3 * dimension)
      let table = random(9, dimension, scale: 1, seed: 2)
      for backward in [false, true] {
        let outputs = [naive, runtime].map { device in
          let y = Matrix(zeros: 4, 3 * dimension, type)
          device.rope(
            x, headDimension: dimension, table: table, positions: [8, 0, 3, 5], backward: backward, into: y)
          return y.values
        }
        expectClose(outputs[1], outputs[0], type)
        // Of the first columns alone, the others as they are.
        for turned in [2, dimension / 4 * 2].filter({ $0 > 0 && $0 < dimension }) {
          let narrow = random(9, turned, seed: 3)
          let partial = [naive, runtime].map { device in
            let y = Matrix(zeros: 4, 3 * dimension, type)
            device.rope(
              x, headDimension: dimension, table: narrow, positions: [8, 0, 3, 5], backward: backward, into: y)
            return y
          }
          expectClose(partial[1].values, partial[0].values, type)
          let rest = converted(x, type)
          for head in 0..<3 {
            let columns = head * dimension + turned..<(head + 1) * dimension
            #expect(partial[1].columns(columns).values == rest.columns(columns).values)
          }
        }
      }
    }
  }

  @Test(arguments: levels, [ElementType.fp32, .bf16])
  func gates(level: KernelLevel, type: ElementType) {
    let runtime = CPUDevice(threads: 1, precision: .fp32, kernelLevel: level)
    for width in Self.widths {
      // ±100 reaches both ends of the sigmoid.
      let gate = converted(random(3, width, scale: width == 33 ? 100 : 3), type)
      let up = converted(random(3, width, seed: 2), type)
      let outputs = [naive, runtime].map { device in
        let act = Matrix(zeros: 3, width, type)
        let dgate = Matrix(zeros: 3, width, type)
        let dup = Matrix(zeros: 3, width, type)
        device.siluMul(gate: gate, up: up, into: act)
        let again = Matrix(zeros: 3, width, type)
        device.siluMulBackward(random(3, width, seed: 5), gate: gate, up: up, dgate: dgate, dup: dup, act: again)
        // The forward epilogue: the same act from sums, gate and up rounded on the way.
        let sums = [gate, up].map { converted($0, .fp32) }
        let kept = (0..<2).map { _ in Matrix(zeros: 3, width, type) }
        let fused = (0..<2).map { _ in Matrix(zeros: 3, width, type) }
        device.roundSiluMul(sums[0], sums[1], gate: kept[0], up: kept[1], into: fused[0])
        device.roundSiluMul(sums[0], sums[1], gate: nil, up: nil, into: fused[1])
        #expect(kept.map(\.values) == [gate.values, up.values])
        #expect(fused.map(\.values) == [act.values, act.values])
        return act.values + dgate.values + dup.values + again.values
      }
      #expect(outputs[1].allSatisfy { $0.isFinite })
      expectClose(outputs[1], outputs[0], type)
    }
  }

  /// What stays fp32 is as exact where the probabilities end in bf16.
  @Test(arguments: levels, [Precision.fp32, .bf16])
  func tiledSoftmax(level: KernelLevel, precision: Precision) {
    let runtime = CPUDevice(threads: 1, precision: precision, kernelLevel: level)
    let outputs = [naive, runtime].map { device in
      let logits = random(3, 133, scale: 20)
      let maxima = Matrix(zeros: 1, 3)
      let sums = Matrix(zeros: 1, 3)
      let correction = Matrix(zeros: 1, 3)
      let mean = random(3, 10, seed: 6)
      device.fill(maxima, with: -.infinity)
      for columns in [0..<64, 64..<133] {
        _ = device.onlineSoftmax(logits.columns(columns), maxima: maxima, sums: sums, correction: correction)
        device.scaleRows(mean, by: correction)
      }
      let logSums = Matrix(zeros: 1, 3)
      device.joinSoftmax(maxima: maxima, sums: sums, means: nil, rows: 0..<3, logSums: logSums, mean: nil)
      return (precision == .fp32 ? logits.values : []) + maxima.values + logSums.values + mean.values
    }
    expectClose(outputs[1], outputs[0], .fp32)
  }

  @Test(arguments: levels)
  func optimizerSteps(level: KernelLevel) {
    let runtime = CPUDevice(threads: 3, precision: .fp32, kernelLevel: level)
    let count = 70_001
    let outputs = [naive, runtime].map { device in
      let w = FloatBuffer(random(1, count).values)
      let g = FloatBuffer(random(1, count, seed: 2).values)
      let m = FloatBuffer(count: count)
      let v = FloatBuffer(count: count)
      for step in 1...3 {
        device.adamW(
          AdamW(step: step, learningRate: 1e-2, weightDecay: 0.1, clip: min(1, 1 / device.norm(g))), parameters: w,
          gradients: g, m: m, v: v)
      }
      return w.array
    }
    expectClose(outputs[1], outputs[0], .fp32)
  }
}

/// Within a few roundings of the type, relative to the larger of 1 and the value.
func expectClose(
  _ found: [Float], _ expected: [Float], _ type: ElementType, sourceLocation: SourceLocation = #_sourceLocation
) {
  let tolerance: Float = type == .fp32 ? 2e-5 : 1e-2
  var worst: Float = found.count == expected.count ? 0 : .infinity
  for (x, y) in zip(found, expected) {
    let error = abs(x - y) / max(1, abs(y))
    worst = max(worst, error.isNaN ? .infinity : error)
  }
  #expect(worst < tolerance, "largest error \(worst)", sourceLocation: sourceLocation)
}

/// Uniform in ±scale.
func random(_ rows: Int, _ columns: Int, scale: Float = 1, seed: UInt64 = 1) -> Matrix {
  var stream = RandomStream(seed: seed, purpose: .test)
  let values = (0..<rows * columns).map { _ in (Float(stream.nextUniform()) * 2 - 1) * scale }
  return Matrix(values, rows: rows, columns: columns)
}

func converted(_ x: Matrix, _ type: ElementType) -> Matrix {
  Matrix(x.values, rows: x.rows, columns: x.columns, type: type)
}
