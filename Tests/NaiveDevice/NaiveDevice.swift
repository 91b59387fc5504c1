import Base
import Device

/// Every instruction as its formula says it, in plain loops and in Double: no threads, no packing, no kernels. It is the
/// twin of whatever computes fast, and shows what a pass may not do:
///
/// * Rows that an instruction does not promise are not written, and a reserved arena holds NaN: numbers that nobody has
///   written show in the results.
/// * Instructions that run together run in reverse order here: one that needs another's result fails.
/// * Memory that its holder has let go is not found.
public final class NaiveDevice: Device {
  public let precision: Precision
  /// Whether what is written is rounded to its type. Without, everything but the host's own buffers stays in Double.
  public let rounds: Bool
  let memory = MemoryTable()

  public init(precision: Precision, rounds: Bool = true) {
    self.precision = precision
    self.rounds = rounds
  }

  public var arithmetic: String { "plain loops in Double" }

  /// Of no use here: no run takes another's numbers over.
  public var arithmeticProbe: String { "naive" }

  // MARK: Memory

  public func constant(_ values: [Float], rows: Int, columns: Int) -> DeviceMemory {
    precondition(values.count == rows * columns, "as many numbers")
    return memory.lend(values.map { Double($0) }, rows: rows, columns: columns, type: .fp32)
  }

  public func allocate(rows: Int, columns: Int, type: ElementType) throws -> DeviceMemory {
    memory.lend([Double](repeating: 0, count: rows * columns), rows: rows, columns: columns, type: type)
  }

  public func weights(_ bytes: MappedBytes, rows: Int, columns: Int, type: ElementType) -> DeviceMemory? {
    guard !type.isQuantized, bytes.count == rows * columns * type.byteWidth else { return nil }
    let values =
      switch type {
      case .fp32: bytes.integers(UInt32.self).map { Double(Float(bitPattern: $0)) }
      case .bf16: bytes.integers(UInt16.self).map { Double(Float(bitPattern: UInt32($0) << 16)) }
      case .fp16: bytes.integers(UInt16.self).map(Self.half)
      case .int8, .nf4: preconditionFailure("quantized weights have scales")
      }
    return memory.lend(values, rows: rows, columns: columns, type: type, isWritable: false)
  }

  public func shared(_ buffer: FloatBuffer) -> DeviceMemory { memory.lend(buffer) }

  public func reserve(_ arena: Arena, plan: TensorPlan, program: Program) throws {
    if plan.byteCount > arena.byteCount || arena.memory == 0 {
      let block = memory.block(byteCount: plan.byteCount)
      arena.replace(memory: block.number, byteCount: plan.byteCount, owner: block)
    }
    memory.forget(arena.memory)
    arena.begin(planned: plan.byteCount, workspace: [])
  }

  public func workspace(_ program: Program, bound: Bool) -> [(name: String, bytes: Int)] { [] }

  public func makeCache(_ shape: CacheShape) throws -> any KeyValueCache { NaiveCache(shape) }

  public func cacheByteCount(_ shape: CacheShape) -> Int {
    2 * 4 * shape.layers * shape.keyValueHeads * shape.headDimension
      * (shape.promptCount + shape.samples * shape.capacity)
  }

  /// IEEE half precision: sign, 5 bits of exponent, 10 of fraction.
  private static func half(_ bits: UInt16) -> Double {
    let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023) / 1024)
    let size =
      switch exponent {
      case 0: fraction * 0x1p-14
      case 31: fraction == 0 ? Double.infinity : .nan
      default: (1 + fraction) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
      }
    return bits >> 15 == 1 ? -size : size
  }

  // MARK: Work

  public func run(_ together: [Instruction], in arena: Arena) {
    for instruction in together.reversed() { run(instruction) }
  }

  public func read(_ x: Tensor) -> [Float] { exact(x).map { Float($0) } }

  /// As `read`, before it is rounded to fp32.
  public func exact(_ x: Tensor) -> [Double] { load(x).values }

  public func write(_ values: [Float], to x: Tensor) {
    precondition(x.type == .fp32 && values.count == x.rows * x.columns, "as many fp32 numbers")
    store(Numbers(rows: x.rows, columns: x.columns, values.map { Double($0) }), to: x)
  }

  public func mapRows<Result: Sendable>(
    _ x: Tensor, _ body: @Sendable (_ row: Int, _ values: [Float]) -> Result
  ) -> [Result] {
    let values = read(x)
    return (0..<x.rows).map { body($0, Array(values[$0 * x.columns..<($0 + 1) * x.columns])) }
  }

  // MARK: Flat buffers of the host

  public func norm(_ x: FloatBuffer) -> Double {
    x.array.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  public func adamW(_ update: AdamW, parameters: FloatBuffer, gradients: FloatBuffer, m: FloatBuffer, v: FloatBuffer) {
    func correction(_ beta: Double) -> Double { 1 - (0..<update.step).reduce(1) { product, _ in product * beta } }
    let (first, second) = (correction(update.beta1), correction(update.beta2))
    for (run, rate) in update.rates(count: parameters.count) {
      for index in run {
        let g = Double(gradients[index]) * update.clip
        let mean = update.beta1 * Double(m[index]) + (1 - update.beta1) * g
        let square = update.beta2 * Double(v[index]) + (1 - update.beta2) * g * g
        let decayed = Double(parameters[index]) * (1 - rate * update.weightDecay)
        let step = rate * mean / first / ((square / second).squareRoot() + update.epsilon)
        (m[index], v[index], parameters[index]) = (Float(mean), Float(square), Float(decayed - step))
      }
    }
  }
}
