import Base
import CMeasure
import DeviceCPU
import SpeedMeasurement

extension Catalogue {
  static let kernels = Measure(
    name: "kernels", summary: "each kernel on one thread, against its naive twin and against its bound"
  ) { setting in
    let bench = KernelBench(setting)
    return bench.elementwise() + bench.products() + bench.attention()
  }
}

/// One kernel after another at the sizes the engine runs it, turn about: kernel, twin, bound.
private struct KernelBench {
  private let setting: Setting
  private let fast = CPUDevice(threads: 1, precision: .bf16)
  private let naive = CPUDevice(threads: 1, precision: .bf16, kernelLevel: .naive)
  /// Rows enough for the operands to come from memory, not from a cache.
  private let rows: Int
  private let hidden = 576
  private let inner = 1536

  init(_ setting: Setting) {
    self.setting = setting
    rows = setting.quick ? 64 : 8192
  }

  // MARK: Bound by memory

  func elementwise() -> [Row] {
    let wide = noise(rows, hidden), wide2 = noise(rows, hidden)
    let xhat = narrow(rows, hidden), y = narrow(rows, hidden)
    let weight = noise(1, hidden), inverse = noise(1, rows)
    let gate = narrow(rows, inner), up = narrow(rows, inner), act = narrow(rows, inner)
    let dgate = narrow(rows, inner), dup = narrow(rows, inner)
    let dact = noise(rows, inner)
    let table = noise(1024, 64)
    let positions = ArraySlice((0..<rows).map { Int32($0 % 1024) })
    let few = setting.quick ? 16 : 256
    let logits = noise(few, 1024), logitSource = noise(few, 1024)
    let maxima = noise(1, few), sums = noise(1, few), correction = noise(1, few)
    let parameters = (0..<4).map { _ in FloatBuffer(count: setting.quick ? 1 << 12 : 1 << 22) }
    let element = Double(rows * hidden)
    let gated = Double(rows * inner)
    return [
      // Bytes: what is read and written once.
      memoryBound("rmsNorm", bytes: element * 8) {
        $0.rmsNorm(wide, weight: weight, epsilon: 1e-5, xhat: xhat, inverse: inverse, into: y)
      },
      memoryBound("rmsNormBackward", bytes: element * 14) {
        $0.rmsNormBackward(wide, xhat: xhat, inverse: inverse, weight: weight, accumulateInto: wide2)
      },
      memoryBound("rope", bytes: element * 6) {
        $0.rope(wide, headDimension: 64, table: table, positions: positions, into: y)
      },
      memoryBound("siluMul", bytes: gated * 6) { $0.gateMul(.silu, gate: gate, up: up, into: act) },
      memoryBound("siluMulBackward", bytes: gated * 14) {
        $0.gateMulBackward(.silu, dact, gate: gate, up: up, dgate: dgate, dup: dup, z: act)
      },
      memoryBound("convert fp32 to bf16", bytes: element * 6) { $0.convert(wide, into: y) },
      memoryBound("add", bytes: element * 12) { $0.add(wide, times: 0.5, to: wide2) },
      memoryBound("onlineSoftmax, with a copy in", bytes: Double(few * 1024) * 18) {
        $0.convert(logitSource, into: logits)
        _ = $0.onlineSoftmax(logits, maxima: maxima, sums: sums, correction: correction)
      },
      memoryBound("adamW", bytes: Double(parameters[0].count) * 28) {
        $0.adamW(
          AdamW(step: 1, learningRate: 1e-4), parameters: parameters[0], gradients: parameters[1], m: parameters[2],
          v: parameters[3])
      },
    ].flatMap { $0 }
  }

  private func memoryBound(_ name: String, bytes: Double, _ body: (CPUDevice) -> Void) -> [Row] {
    var speeds: [Double] = []
    var shares: [Double] = []
    var gains: [Double] = []
    let repeats = setting.quick ? 2 : 8
    body(fast)
    for _ in 0..<setting.rounds(5) {
      let bound = cm_bandwidth(setting.quick ? 1 << 20 : 1 << 27, 4)
      let time = seconds { for _ in 0..<repeats { body(fast) } } / Double(repeats)
      gains.append(seconds { body(naive) } / time)
      speeds.append(bytes / time * 1e-9)
      shares.append(bytes / time / bound * 100)
    }
    return [
      Row(name, speeds, "GB/s"),
      Row("\(name), share of the memory's speed", shares, "%"),
      Row("\(name), speed to its naive twin", gains, "×"),
    ]
  }

  // MARK: Bound by arithmetic

  func products() -> [Row] {
    let rows = setting.quick ? 32 : 256
    let x = narrow(rows, hidden), w = narrow(inner, hidden), wide = noise(rows, inner), dy = narrow(rows, inner)
    let dx = noise(rows, hidden), low = narrow(rows, 24), outer = noise(24, hidden)
    let memory = [
      Matrix(
        zeros: 1,
        max(
          Product.scratchCount(columns: inner, inputs: [inner], format: .wide, threads: 1),
          WeightGradientLoop.scratchCount(rows: rows, columns: 24, format: .pairs)))
    ]
    let large = narrow(setting.quick ? 1024 : 49152, hidden), one = narrow(1, hidden)
    let oneOut = noise(1, large.rows)
    let flops = 2 * Double(rows) * Double(hidden) * Double(inner)
    return [
      computeBound("product [\(rows), 576] × [1536, 576]ᵀ", flops: flops) {
        fast.run(Product(rows: RowSpans(rows: rows), terms: [.forward(x, w)], into: wide), scratch: memory)
      },
      computeBound("product [\(rows), 1536] × [1536, 576]", flops: flops) {
        fast.run(Product(rows: RowSpans(rows: rows), terms: [.backward(dy, w)], into: dx), scratch: memory)
      },
      computeBound("a low-rank factor's gradient", flops: flops * 24 / Double(inner)) {
        fast.parallel([
          fast.loop(
            WeightGradientLoop(low, x, rows: RowSpans(rows: rows)) { sums, columns in
              fast.convert(sums, into: outer.columns(columns))
            }, scratch: memory)
        ])
      },
      memoryBound("one row × [\(large.rows), 576]ᵀ", bytes: Double(large.rows * hidden) * 2) {
        $0.linear(one, large, into: oneOut)
      },
    ].flatMap { $0 }
  }

  func attention() -> [Row] {
    let rows = setting.quick ? 64 : 512
    let d = 64
    let q = narrow(rows, d), k = narrow(rows, d), v = narrow(rows, d), o = narrow(rows, d), dO = narrow(rows, d)
    let logSums = noise(1, rows)
    let dq = noise(rows, d), dk = noise(rows, d), dv = noise(rows, d)
    let segment = AttentionSegment(rows: 0..<rows, prefix: 0..<0)
    let group = AttentionGroup(rows: 0..<rows, segments: [segment])
    let scratch = Matrix(zeros: 1, AttentionHead.scratchCount(rows: rows, headDimension: d))
    let pairs = Double(rows * (rows + 1) / 2)
    func forward(_ runtime: CPUDevice) {
      AttentionHead(runtime: runtime, headDimension: d, scale: 0.125)
        .forward(group, q: q, k: k, v: v, o: o, logSums: logSums, scratch: scratch)
    }
    func backward(_ runtime: CPUDevice) {
      AttentionHead(runtime: runtime, headDimension: d, scale: 0.125).backward(
        group, q: q, k: k, v: v, o: o, logSums: logSums, d: dO,
        into: AttentionGradients(dq: dq, dk: dk, dv: dv), scratch: scratch)
    }
    return computeBound(
      "attention, \(rows) tokens, forward", flops: 4 * Double(d) * pairs, twin: { forward(naive) }
    ) { forward(fast) }
      + computeBound(
        "attention, \(rows) tokens, backward", flops: 10 * Double(d) * pairs, twin: { backward(naive) }
      ) { backward(fast) }
  }

  private func computeBound(
    _ name: String, flops: Double, twin: (() -> Void)? = nil, _ body: () -> Void
  ) -> [Row] {
    let peak = ProductPeak(runtime: fast)
    let repeats = setting.quick ? 2 : 20
    var speeds: [Double] = []
    var shares: [Double] = []
    var gains: [Double] = []
    body()
    for _ in 0..<setting.rounds(5) {
      let bound = peak.measure(count: 1)
      let time = seconds { for _ in 0..<repeats { body() } } / Double(repeats)
      speeds.append(flops / time * 1e-9)
      shares.append(flops / time / bound * 100)
      if let twin { gains.append(seconds(twin) / time) }
    }
    var rows = [
      Row(name, speeds, "GFLOP/s"), Row("\(name), share of one thread's peak", shares, "%"),
    ]
    if !gains.isEmpty { rows.append(Row("\(name), speed to its naive twin", gains, "×")) }
    return rows
  }

  // MARK: Operands

  private func noise(_ rows: Int, _ columns: Int) -> Matrix {
    var stream = RandomStream(seed: 7, purpose: .test, epoch: rows, index: columns)
    let values = (0..<rows * columns).map { _ in Float(Int32(bitPattern: stream.nextUInt32())) * 0x1p-31 }
    return Matrix(values, rows: rows, columns: columns)
  }

  private func narrow(_ rows: Int, _ columns: Int) -> Matrix {
    let matrix = Matrix(zeros: rows, columns, .bf16)
    fast.convert(noise(rows, columns), into: matrix)
    return matrix
  }
}
