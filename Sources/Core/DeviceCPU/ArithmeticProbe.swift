import Base
import CKernels
import Foundation

extension CPUDevice {
  /// Eight hexadecimal digits over the bits of what this machine computes for a few fixed inputs: every kernel of a pass
  /// and the mathematical functions of the system's library that one goes through.
  ///
  /// Numbers of another run are taken over only where it names the same arithmetic. Kernel level and precision say which
  /// code ran; this says that it gave the same bits: another version of the system's library, or another processor, could
  /// round an exponential differently.
  public var arithmeticProbe: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ bits: UInt64) { hash = (hash ^ bits) &* 0x100_0000_01b3 }
    func add(_ matrix: Matrix) { for value in matrix.values { add(UInt64(value.bitPattern)) } }

    var stream = RandomStream(seed: 1, purpose: .test)
    func noise(_ rows: Int, _ columns: Int, scale: Float = 1, _ type: ElementType = .fp32) -> Matrix {
      let values = (0..<rows * columns).map { _ in (Float(stream.nextUniform()) * 2 - 1) * scale }
      return Matrix(values, rows: rows, columns: columns, type: type)
    }
    for _ in 0..<256 {
      let x = stream.nextUniform() * 40 - 20
      for value in [exp(x), log(abs(x)), sin(x * 100), cos(x * 100), pow(abs(x), 1.37)] { add(value.bitPattern) }
      for value in [exp(Float(x)), log(abs(Float(x)))] { add(UInt64(value.bitPattern)) }
    }

    let type = precision.elementType
    let (rows, width) = (37, 75)
    let (x, weight) = (noise(rows, width), noise(1, width))
    let (xhat, h, inverse) = (
      Matrix(zeros: rows, width, type), Matrix(zeros: rows, width, type), Matrix(zeros: 1, rows)
    )
    rmsNorm(x, weight: weight, epsilon: 1e-5, xhat: xhat, inverse: inverse, into: h)
    rmsNormBackward(noise(rows, width), xhat: xhat, inverse: inverse, weight: weight, accumulateInto: x)
    [xhat, h, inverse, x].forEach(add)

    let w = noise(48, width, type)
    let operandCount = PreparedOperand.scratchCount(inputs: width, outputs: 48, format: .wide)
    var memory = ScratchMemory(Matrix(zeros: 1, operandCount))
    let (product, few, outer) = (Matrix(zeros: rows, 48), Matrix(zeros: rows, 48), Matrix(zeros: 48, width))
    multiply(h, prepare(w, transposed: true, for: type, scratch: &memory), into: product)
    linear(h, w, into: few)
    let narrow = Matrix(zeros: rows, 48, type)
    convert(product, into: narrow)
    let scratch = Matrix(
      zeros: 1,
      max(
        WeightGradientLoop.scratchCount(rows: rows, columns: 48, format: .pairs),
        AttentionHead.scratchCount(rows: rows, headDimension: 24)))
    loop(
      WeightGradientLoop(narrow, h, rows: RowSpans(rows: rows)) { sums, columns in
        self.convert(sums, into: outer.columns(columns))
      }, scratch: [scratch]
    ).body(0, 0)
    [product, few, narrow, outer].forEach(add)

    let (gate, up, act) = (noise(rows, 48, scale: 8, type), narrow, Matrix(zeros: rows, 48, type))
    let (dgate, dup) = (Matrix(zeros: rows, 48, type), Matrix(zeros: rows, 48, type))
    gateMulBackward(.silu, noise(rows, 48), gate: gate, up: up, dgate: dgate, dup: dup, z: act)
    [act, dgate, dup].forEach(add)

    let q = noise(rows, 48, scale: 3, type)
    let (k, v, o, logSums) = (
      noise(rows, 24, type), noise(rows, 24, type), Matrix(zeros: rows, 48, type), Matrix(zeros: 2, rows)
    )
    let group = AttentionGroup(rows: 0..<rows, segments: [AttentionSegment(rows: 0..<rows, prefix: 0..<0)])
    let head = AttentionHead(runtime: self, headDimension: 24, scale: 0.2)
    head.forward(group, q: q, k: k, v: v, o: o, logSums: logSums, scratch: scratch)
    let (dq, dk, dv) = (Matrix(zeros: rows, 48), Matrix(zeros: rows, 24), Matrix(zeros: rows, 24))
    head.backward(
      group, q: q, k: k, v: v, o: o, logSums: logSums, d: noise(rows, 48, type),
      into: AttentionGradients(dq: dq, dk: dk, dv: dv), scratch: scratch)
    [o, logSums, dq, dk, dv].forEach(add)

    let (maxima, sums, correction) = (Matrix(zeros: 1, rows), Matrix(zeros: 1, rows), Matrix(zeros: 1, rows))
    fill(maxima, with: -.infinity)
    add(onlineSoftmax(noise(rows, 133, scale: 20), maxima: maxima, sums: sums, correction: correction))
    let joined = Matrix(zeros: 1, rows)
    joinSoftmax(maxima: maxima, sums: sums, means: nil, rows: 0..<rows, logSums: joined, mean: nil)
    [maxima, sums, joined].forEach(add)

    let parameters = (0..<4).map { _ in FloatBuffer(noise(1, 301).values.map(abs)) }
    adamW(
      AdamW(step: 3, learningRate: 1e-2, weightDecay: 0.1), parameters: parameters[0], gradients: parameters[1],
      m: parameters[2], v: parameters[3])
    for value in parameters[0].array { add(UInt64(value.bitPattern)) }
    return String(format: "%08x", UInt32(truncatingIfNeeded: hash ^ hash >> 32))
  }
}
