import Base
import Device

/// The operands of an instruction on one device. Made in the same order, they hold the same numbers on every device.
///
/// Every tensor is a view into a wider one with two columns on each side, and all of it is compared afterwards: what an
/// instruction writes beside its result shows.
final class Operands {
  /// What memory holds that an instruction has to write, and all that it must not.
  static let untouched: Float = 77

  let device: any Device
  /// The compute type.
  let type: ElementType
  private var stream = RandomStream(seed: 7, purpose: .test)
  private(set) var memory: [DeviceMemory] = []
  private let arena = Arena()

  init(_ device: any Device) {
    self.device = device
    type = device.precision.elementType
  }

  /// Uniform in ±scale around `mean`; NaN in rows outside of `defined`, which nobody may read.
  func input(
    _ rows: Int, _ columns: Int, _ type: ElementType, scale: Float = 1, around mean: Float = 0,
    defined: [Range<Int>]? = nil, margin: Int = 2
  ) -> Tensor {
    let numbers = (0..<rows).map { row in
      (0..<columns).map { _ in
        let number = (Float(stream.nextUniform()) * 2 - 1) * scale + mean
        return defined?.contains { $0.contains(row) } ?? true ? number : .nan
      }
    }
    return make(numbers, columns: columns, type, margin: margin)
  }

  /// A linear's weight, which may be quantized: no columns beside it then, whose numbers would set the scales.
  func weight(_ rows: Int, _ columns: Int, _ type: ElementType) -> Tensor {
    guard type.isQuantized else { return input(rows, columns, type) }
    let values = input(rows, columns, .fp32, margin: 0)
    guard let quantized = try? device.quantize(values, to: type) else { preconditionFailure("finite numbers") }
    memory.append(quantized)
    return quantized.tensor
  }

  /// What the instruction overwrites.
  func output(_ rows: Int, _ columns: Int, _ type: ElementType, margin: Int = 2) -> Tensor {
    make(
      Array(repeating: [Float](repeating: Self.untouched, count: columns), count: rows), columns: columns, type,
      margin: margin)
  }

  /// RoPE's table for positions 0..<rows.
  func rotation(_ positions: [Int32], dimension: Int) -> Rotation {
    Rotation(table: input(Int(positions.max() ?? 0) + 1, dimension, .fp32, margin: 0), positions: positions)
  }

  private func make(_ numbers: [[Float]], columns: Int, _ type: ElementType, margin: Int) -> Tensor {
    let beside = [Float](repeating: Self.untouched, count: margin)
    let width = columns + 2 * margin
    let values = device.constant(numbers.flatMap { beside + $0 + beside }, rows: numbers.count, columns: width)
    do {
      let wide = try device.allocate(rows: numbers.count, columns: width, type: type)
      let copy = Copy(rows: RowSpans(rows: numbers.count), input: values.tensor, output: wide.tensor)
      try withExtendedLifetime(values) { try execute([[.copy(copy)]]) }
      memory.append(wide)
      return wide.tensor.columns(margin..<margin + columns)
    } catch {
      preconditionFailure("memory for a few numbers: \(error)")
    }
  }

  /// Everything in memory, tensor by tensor.
  var contents: [[Float]] { memory.map { device.read($0.tensor) } }

  /// Runs steps of instructions that go together, and returns what memory holds afterwards.
  func run(_ steps: [[Instruction]]) throws -> [[Float]] {
    try execute(steps)
    return contents
  }

  private func execute(_ steps: [[Instruction]]) throws {
    var program = Program()
    for step in steps { program.add(together: step) }
    try device.reserve(arena, plan: TensorPlan(), program: program)
    for step in steps { device.run(step, in: arena) }
  }
}

/// The largest error of what an instruction wrote, as a part of each tensor's largest number; infinite where it wrote
/// what the other device did not, or the other way round, where NaN was made, and where nothing was written.
func worstError(_ found: [[Float]], _ expected: [[Float]], before: [[Float]]) -> Float {
  var worst: Float = 0
  var count = 0
  for (index, tensor) in expected.enumerated() {
    let written = tensor.indices.filter { tensor[$0].bitPattern != before[index][$0].bitPattern && !tensor[$0].isNaN }
    let scale = written.map { abs(tensor[$0]) }.max() ?? 0
    count += written.count
    for place in tensor.indices {
      let (x, y) = (found[index][place], tensor[place])
      if x == y || x.isNaN && y.isNaN && before[index][place].isNaN { continue }
      let mustStay = y == Operands.untouched && before[index][place] == y
      let error = mustStay || x.isNaN || y.isNaN ? .infinity : abs(x - y) / max(scale, 1e-30)
      worst = max(worst, error)
    }
  }
  return count > 0 ? worst : .infinity
}
