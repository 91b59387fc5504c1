import Base

/// What computes: an interpreter of instructions with memory of its own. The CPU is one; a plain one in the tests is the
/// other, and every fused kernel's twin.
///
/// Not for several queues at once where they share an arena; several models may share a device.
public protocol Device: AnyObject, Sendable {
  var precision: Precision { get }
  /// What decides the bits of results on this machine, in words; the number of threads does not.
  var arithmetic: String { get }
  /// A hash of what every operation gives for fixed numbers: two devices that agree in it and in `arithmetic` compute the
  /// same bits.
  var arithmeticProbe: String { get }

  // MARK: Memory

  /// A constant [rows, columns] in fp32.
  func constant(_ values: [Float], rows: Int, columns: Int) -> DeviceMemory
  /// A zeroed [rows, columns].
  /// - Throws: `MemoryError`.
  func allocate(rows: Int, columns: Int, type: ElementType) throws -> DeviceMemory
  /// Weights from a mapped file, read-only; nil where the bytes do not hold as many elements.
  func weights(_ bytes: MappedBytes, rows: Int, columns: Int, type: ElementType) -> DeviceMemory?
  /// The weights of a linear, [out, in] in fp32, bf16 or fp16, in fewer bits; read-only.
  ///
  /// int8 by rows: the scale s is max|w| / 127 of a row in fp32, the code w / s to the nearest whole number, ties to even.
  /// NF4 as bitsandbytes does it: blocks of 64 along the rows, scale max|w| in fp32, the code nearest to w / s, the lower of
  /// two as near; whole blocks multiply by 1 / s, a last shorter one divides.
  /// - Returns: nil where a number is not finite.
  /// - Throws: `MemoryError`.
  func quantize(_ weight: Tensor, to type: ElementType) throws -> DeviceMemory?
  /// Weights that a file holds quantized: codes in row-major order, of NF4 two in a byte, the first in its upper half, and
  /// finite scales of rows or blocks. Read-only; nil where there are not as many as the shape asks for.
  func quantized(
    codes: MappedBytes, scales: [Float], rows: Int, columns: Int, type: ElementType
  ) -> DeviceMemory?
  /// A buffer of the host that the device reads and writes, [1, count] in fp32.
  func shared(_ buffer: FloatBuffer) -> DeviceMemory
  /// Makes an arena ready for the tensors of `plan` and for running `program` on them. Contents are undefined afterwards.
  /// - Throws: `MemoryError`; the arena then is as it was.
  func reserve(_ arena: Arena, plan: TensorPlan, program: Program) throws
  /// What running `program` takes beside its tensors, by purpose.
  /// - Parameter bound: what no program of these shapes exceeds, however its rows are grouped.
  func workspace(_ program: Program, bound: Bool) -> [(name: String, bytes: Int)]
  /// - Throws: `MemoryError`.
  func makeCache(_ shape: CacheShape) throws -> any KeyValueCache
  func cacheByteCount(_ shape: CacheShape) -> Int

  // MARK: Work

  /// Runs instructions that do not depend on each other, and returns when all are done, or are certain to be before the
  /// next `run` or `read`.
  func run(_ together: [Instruction], in arena: Arena)
  /// All elements in row-major order, as fp32.
  func read(_ x: Tensor) -> [Float]
  /// Overwrites an fp32 tensor.
  func write(_ values: [Float], to x: Tensor)
  /// The results of host code for every row of an fp32 tensor, in order, computed side by side.
  func mapRows<Result: Sendable>(_ x: Tensor, _ body: @Sendable (_ row: Int, _ values: [Float]) -> Result) -> [Result]

  // MARK: Flat buffers of the host

  /// The L2 norm, summed in Double.
  func norm(_ x: FloatBuffer) -> Double
  /// One AdamW step (Loshchilov & Hutter, 2019) on all parameters, in place.
  func adamW(_ update: AdamW, parameters: FloatBuffer, gradients: FloatBuffer, m: FloatBuffer, v: FloatBuffer)
}

/// The numbers of one AdamW step.
public struct AdamW: Sendable {
  /// Counts from 1, for the bias corrections.
  public var step: Int
  public var learningRate: Double
  public var beta1 = 0.9
  public var beta2 = 0.999
  public var epsilon = 1e-8
  public var weightDecay: Double
  /// The factor gradients are multiplied by first: 1 where the norm is within its limit.
  public var clip: Double
  /// Parameters with a learning rate of their own, in ascending runs: `learningRate` times the factor.
  public var faster: (runs: [Range<Int>], factor: Double)?

  /// All of 0..<count in ascending runs, each with its learning rate.
  public func rates(count: Int) -> [(run: Range<Int>, rate: Double)] {
    guard let faster else { return [(0..<count, learningRate)] }
    var result: [(run: Range<Int>, rate: Double)] = []
    var end = 0
    for run in faster.runs where !run.isEmpty {
      if end < run.lowerBound { result.append((end..<run.lowerBound, learningRate)) }
      result.append((run, learningRate * faster.factor))
      end = run.upperBound
    }
    if end < count { result.append((end..<count, learningRate)) }
    return result
  }

  public init(step: Int, learningRate: Double, weightDecay: Double = 0, clip: Double = 1) {
    self.step = step
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    self.clip = clip
  }
}

/// The instructions of a pass in their order.
public struct Program: Sendable {
  public struct Step: Sendable {
    /// Independent of each other.
    public var together: [Instruction]
    /// A layer ends here: the host may look up.
    public var endsLayer = false
  }

  public private(set) var steps: [Step] = []

  public init() {}

  public mutating func add(_ instruction: Instruction) { steps.append(Step(together: [instruction])) }

  /// Instructions that may run beside each other.
  public mutating func add(together: [Instruction]) {
    if !together.isEmpty { steps.append(Step(together: together)) }
  }

  public mutating func endLayer() {
    if !steps.isEmpty { steps[steps.count - 1].endsLayer = true }
  }

  /// One program after the other.
  public static func + (first: Program, second: Program) -> Program {
    var program = first
    program.steps += second.steps
    return program
  }
}
