import Base
import DeviceCPU
import Foundation
import Testing

@testable import NaiveDevice

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
      for rounding in [NormRounding.twice, .once] {
        var outputs: [[Float]] = []
        for device in [naive, runtime] {
          let xhat = Matrix(zeros: 5, width, type)
          let y = Matrix(zeros: 5, width, type)
          let inverse = Matrix(zeros: 1, 5)
          let dx = random(5, width, seed: 3)
          device.rmsNorm(
            x, weight: weight, epsilon: 1e-5, rounding: rounding, xhat: xhat, inverse: inverse, into: y)
          device.rmsNormBackward(
            random(5, width, seed: 4), xhat: xhat, inverse: inverse, weight: weight, accumulateInto: dx)
          outputs.append(y.values + inverse.values + dx.values)
        }
        expectClose(outputs[1], outputs[0], type)
      }
    }
  }

  /// Around 5: what a tail's missing lanes count would show in the mean and in the squares.
  @Test(arguments: levels, [ElementType.fp32, .bf16])
  func layerNorms(level: KernelLevel, type: ElementType) {
    let runtime = CPUDevice(threads: 1, precision: .fp32, kernelLevel: level)
    for width in Self.widths.dropFirst() {
      let x = Matrix(random(5, width).values.map { $0 + 5 }, rows: 5, columns: width)
      for bias in [nil, random(1, width, seed: 2)] {
        let outputs = [naive, runtime].map { device in
          let (xhat, y) = (Matrix(zeros: 5, width, type), Matrix(zeros: 5, width, type))
          let (inverse, dx) = (Matrix(zeros: 1, 5), random(5, width, seed: 3))
          device.layerNorm(
            x, weight: random(1, width), bias: bias, epsilon: 1e-5, rounding: bias == nil ? .twice : .once, xhat: xhat,
            inverse: inverse, into: y)
          device.normBackward(
            random(5, width, seed: 4), isCentered: true, xhat: xhat, inverse: inverse, weight: random(1, width),
            accumulateInto: dx)
          #expect(abs(xhat.values.reduce(0, +)) < (type == .fp32 ? 1e-3 : 0.2))
          return y.values + inverse.values + dx.values
        }
        expectClose(outputs[1], outputs[0], type)
      }
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
    for (function, width) in InstructionTwins.functions.flatMap({ f in Self.widths.map { (f, $0) } }) {
      // ±100 reaches both ends of the sigmoid.
      let gate = converted(random(3, width, scale: width == 33 ? 100 : 3), type)
      let up = converted(random(3, width, seed: 2), type)
      let outputs = [naive, runtime].map { device in
        let made = (0..<7).map { _ in Matrix(zeros: 3, width, type) }
        device.gateMul(function, gate: gate, up: up, into: made[0])
        device.gateMul(function, gate: gate, up: nil, into: made[1])
        device.gateMulBackward(
          function, random(3, width, seed: 5), gate: gate, up: up, dgate: made[2], dup: made[3], z: made[4])
        device.gateMulBackward(
          function, random(3, width, seed: 5), gate: gate, up: nil, dgate: made[5], dup: nil, z: made[6])
        // The forward epilogue: the same z from sums, gate and up rounded on the way.
        let sums = [gate, up].map { converted($0, .fp32) }
        let kept = (0..<3).map { _ in Matrix(zeros: 3, width, type) }
        let fused = (0..<4).map { _ in Matrix(zeros: 3, width, type) }
        device.roundGateMul(function, sums[0], sums[1], gate: kept[0], up: kept[1], into: fused[0])
        device.roundGateMul(function, sums[0], sums[1], gate: nil, up: nil, into: fused[1])
        device.roundGateMul(function, sums[0], nil, gate: kept[2], up: nil, into: fused[2])
        device.roundGateMul(function, sums[0], nil, gate: nil, up: nil, into: fused[3])
        #expect(kept.map(\.values) == [gate.values, up.values, gate.values])
        #expect(fused.map(\.values) == [made[0].values, made[0].values, made[1].values, made[1].values])
        return made.flatMap(\.values)
      }
      #expect(outputs[1].allSatisfy { $0.isFinite })
      expectClose(outputs[1], outputs[0], type)
    }
  }

  /// The GELUs and their derivatives over all that differs from 0 and x, in fp32, against Double: relative to the value, or
  /// to 1e-3 where it crosses 0. Between -6 and -10 an exponential's argument is large, and its rounding shows.
  @Test(arguments: levels, [GateFunction.geluTanh, .gelu])
  func gelusAreExact(level: KernelLevel, function: GateFunction) {
    let runtime = CPUDevice(threads: 1, precision: .fp32, kernelLevel: level)
    let count = 4001
    let x = Matrix((0..<count).map { Float($0 - 2000) / 200 }, rows: 1, columns: count)
    let (value, slope, again) = (Matrix(zeros: 1, count), Matrix(zeros: 1, count), Matrix(zeros: 1, count))
    let one = Matrix([Float](repeating: 1, count: count), rows: 1, columns: count)
    runtime.gateMul(function, gate: x, up: nil, into: value)
    runtime.gateMulBackward(function, one, gate: x, up: nil, dgate: slope, dup: nil, z: again)
    #expect(again.values == value.values)
    let (values, slopes) = (value.values, slope.values)
    var worst = (value: 0.0, slope: 0.0, far: 0.0)
    for (index, x) in x.values.enumerated() {
      let x = Double(x)
      let expected = (value: function.value(x), slope: function.slope(x))
      let error = abs(Double(values[index]) - expected.value)
      worst.value = max(worst.value, error / max(abs(expected.value), 1e-3))
      worst.slope = max(worst.slope, abs(Double(slopes[index]) - expected.slope) / max(abs(expected.slope), 0.05))
      if x < -3, x > -5 { worst.far = max(worst.far, error / abs(expected.value)) }
    }
    #expect(worst.value < 1e-6 && worst.slope < 2e-6 && worst.far < 2e-6, "\(worst)")
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

  /// The cap of logits in fp32 against Double, relative to the value: from what it leaves as it is to what it cuts off.
  @Test(arguments: levels)
  func logitCapsAreExact(level: KernelLevel) {
    let runtime = CPUDevice(threads: 1, precision: .bf16, kernelLevel: level)
    let count = 2003
    let given = (0..<count).map { index -> Float in
      let size = Float(index % 7 * 3 + 3)
      return Float(index - 1001) / 100 * size
    }
    let x = Matrix(given + [.nan, -.infinity, 1e-20], rows: 1, columns: count + 3)
    runtime.capLogits(x, cap: 30)
    var worst = 0.0
    for (found, given) in zip(x.values, given) {
      let expected = 30 * tanh(Double(given) / 30)
      worst = max(worst, abs(Double(found) - expected) / max(abs(expected), 1e-30))
    }
    #expect(worst < 5e-7, "\(worst)")
    // The rational function ends 8e-8 below 1.
    #expect(x[0, count].isNaN && abs(x[0, count + 1] + 30) < 1.5e-5 && abs(x[0, count + 2] / 1e-20 - 1) < 1e-6)
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
