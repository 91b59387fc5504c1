import Base
@testable import DeviceCPU
import NaiveDevice
import Testing

@testable import Device

/// Weights in 8 and 4 bits: what their codes stand for, and products that expand them or read them where they lie.
@Suite struct QuantizedWeightTests {
  static let types = [ElementType.int8, .nf4]

  /// Numbers of either sign and many sizes, a row of zeros, a row of one, ties, and a last block that is not whole.
  private func awkward(_ rows: Int, _ columns: Int) -> [Float] {
    var values = random(rows, columns, scale: 3, seed: 7).values
    for place in values.indices where place % 5 == 0 { values[place] *= 1e-3 }
    for column in 0..<columns {
      values[column] = 0
      values[columns + column] = 0.25
      values[2 * columns + column] = Float(column % 17 - 8) / 8
    }
    return values
  }

  @Test(arguments: types, [(5, 13), (4, 64), (9, 77), (6, 192), (130, 700)])
  func codesFollowTheirRule(type: ElementType, shape: (rows: Int, columns: Int)) throws {
    let values = awkward(shape.rows, shape.columns)
    for source in [ElementType.fp32, .bf16] {
      let naive = NaiveDevice(precision: .fp32)
      let twin = try quantized(values, shape, source, type, on: naive)
      defer { withExtendedLifetime(twin) {} }
      let expected = naive.read(twin.tensor)
      for threads in [1, 3] {
        let device = CPUDevice(threads: threads, precision: .fp32)
        let found = try quantized(values, shape, source, type, on: device)
        defer { withExtendedLifetime(found) {} }
        #expect(device.read(found.tensor) == expected)
        // A view finds its own scales.
        let part = found.tensor.rows(1..<shape.rows).columns(3..<shape.columns)
        #expect(device.read(part) == naive.read(twin.tensor.rows(1..<shape.rows).columns(3..<shape.columns)))
      }
      var error = 0.0
      var size = 0.0
      for (x, y) in zip(values, expected) { (error, size) = (error + Double((x - y) * (x - y)), size + Double(x * x)) }
      #expect((error / size).squareRoot() < (type == .int8 ? 0.012 : 0.16))
      #expect(expected[..<shape.columns].allSatisfy { $0 == 0 })
    }
  }

  private func quantized(
    _ values: [Float], _ shape: (rows: Int, columns: Int), _ source: ElementType, _ type: ElementType,
    on device: any Device
  ) throws -> DeviceMemory {
    let constant = device.constant(values, rows: shape.rows, columns: shape.columns)
    let stored = try device.allocate(rows: shape.rows, columns: shape.columns, type: source)
    let arena = Arena()
    try device.reserve(arena, plan: TensorPlan(), program: Program())
    return try withExtendedLifetime((constant, stored)) {
      let copy = Copy(rows: RowSpans(rows: shape.rows), input: constant.tensor, output: stored.tensor)
      device.run([.copy(copy)], in: arena)
      return try #require(try device.quantize(stored.tensor, to: type))
    }
  }

  private func quantized(_ source: Matrix, _ type: ElementType, on device: CPUDevice) throws -> DeviceMemory {
    try withExtendedLifetime(source) { try #require(try device.quantize(source.tensor, to: type)) }
  }

  @Test(arguments: types, [Float.infinity, -.infinity, .nan])
  func refusesWhatIsNotFinite(type: ElementType, bad: Float) throws {
    for place in [0, 130, 299] {
      var values = random(3, 100).values
      values[place] = bad
      for device in [CPUDevice(threads: 2, precision: .fp32), NaiveDevice(precision: .fp32)] as [any Device] {
        let constant = device.constant(values, rows: 3, columns: 100)
        let found = try withExtendedLifetime(constant) { try device.quantize(constant.tensor, to: type) }
        #expect(found == nil)
      }
    }
  }

  /// Packed products of quantized weights have the bits of products with what the weights stand for.
  @Test(arguments: [.naive] + KernelLevel.available, types)
  func packedProductsAreThoseOfTheExpandedWeights(level: KernelLevel, type: ElementType) throws {
    for precision in Precision.allCases {
      let device = CPUDevice(threads: 1, precision: precision, kernelLevel: level)
      let compute = precision.elementType
      for (outputs, inputs) in [(1, 1), (33, 70), (130, 64), (70, 515), (300, 48)] {
        let memory = try quantized(random(outputs, inputs, scale: 0.5, seed: 3), type, on: device)
        let w = Matrix(memory.tensor)
        let dense = converted(Matrix(device.read(memory.tensor), rows: outputs, columns: inputs), compute)
        for transposed in [true, false] {
          // Columns of the product as a block takes them.
          let width = transposed ? outputs : inputs
          let columns = width > 40 ? 16..<width - 3 : 0..<width
          let x = converted(random(21, transposed ? inputs : outputs, seed: 5), compute)
          let results = [w, dense].map { weight in
            let c = Matrix(zeros: 21, columns.count)
            let count =
              PreparedOperand.scratchCount(inputs: x.columns, outputs: columns.count, format: .wide)
              + PreparedOperand.expansionCount
            var memory = ScratchMemory(Matrix([Float](repeating: .nan, count: count), rows: 1, columns: count))
            let part = transposed ? weight.rows(columns) : weight.columns(columns)
            device.multiply(x, device.prepare(part, transposed: transposed, for: compute, scratch: &memory), into: c)
            return c.values
          }
          #expect(results[0] == results[1], "[\(outputs), \(inputs)] \(transposed), \(precision)")
        }
        withExtendedLifetime(memory) {}
      }
    }
  }

  /// Rows and columns of a product of few rows: each number its own bits, and those of plain sums.
  @Test(arguments: KernelLevel.available, types)
  func fewRowsGiveEachNumberItsOwnBits(level: KernelLevel, type: ElementType) throws {
    let device = CPUDevice(threads: 1, precision: .bf16, kernelLevel: level)
    for (inputs, kind) in [(203, ElementType.bf16), (203, .fp32), (256, .bf16), (256, .fp32)] {
      let (rows, outputs) = (13, 61)
      let memory = try quantized(random(outputs, inputs, seed: 2), type, on: device)
      let w = Matrix(memory.tensor)
      let x = converted(random(rows, inputs, seed: 1), kind)
      func part(_ some: Range<Int>, _ columns: Range<Int>) -> Matrix {
        let y = Matrix(zeros: some.count, columns.count)
        device.linear(x.rows(some), w.rows(columns), into: y)
        return y
      }
      let alone = (0..<rows).flatMap { part($0..<$0 + 1, 0..<outputs).values }
      for row in 0..<rows {
        for output in stride(from: 0, to: outputs, by: 7) {
          let sum = (0..<inputs).reduce(0.0) { $0 + Double(x[row, $1]) * Double(w[output, $1]) }
          #expect(abs(Double(alone[row * outputs + output]) - sum) < 1e-4 * max(1, abs(sum)))
        }
      }
      for count in [2, 3, 4, 5, 8, 13] {
        #expect(part(0..<count, 0..<outputs).values == Array(alone.prefix(count * outputs)), "\(count) rows")
      }
      for columns in [0..<1, 3..<5, 16..<32, 7..<61] {
        let found = part(0..<rows, columns)
        for row in 0..<rows {
          let whole = alone[row * outputs + columns.lowerBound..<row * outputs + columns.upperBound]
          #expect(found.floats(row: row) == Array(whole), "columns \(columns)")
        }
      }
      withExtendedLifetime(memory) {}
    }
  }
}
