import Base
import Device

// MARK: The CPU as a device

extension CPUDevice: Device {
  public func run(_ together: [Instruction], in arena: Arena) {
    let space = Workspace(arena, threads: threads)
    if together.count == 1 {
      run(together[0], space)
    } else if together.allSatisfy(\.isFewRows) {
      runFewRows(together.compactMap(\.linear), space)
    } else {
      parallel(together.map { loop($0, space) })
    }
  }

  private func run(_ instruction: Instruction, _ space: Workspace) {
    switch instruction {
    case .embed(let embed): run(embed, space)
    case .copy(let copy): run(copy, space)
    case .clear(let tensor): run(clear: tensor)
    case .project(let project): run(project, space)
    case .norm(let norm): run(norm, space)
    case .normBackward(let norm): run(norm, space)
    case .normAdd(let norm): run(norm, space)
    case .normAddBackward(let norm): run(norm, space)
    case .headNorm(let norm): run(norm, space)
    case .headNormBackward(let norm): run(norm, space)
    case .linear(let linear) where linear.fewRows: runFewRows([linear], space)
    case .linear, .weightGradient: parallel([loop(instruction, space)])
    case .gate(let gate): run(gate)
    case .attention(let attention): run(attention, space)
    case .attentionBackward(let attention): run(attention, space)
    case .logProbs(let logProbs): run(logProbs, space)
    case .logProbsBackward(let logProbs): run(logProbs, space)
    case .softCapLogits(let logits): run(logits)
    case .packAdapter(let pack): run(pack)
    case .cachePrompt(let prompt): run(prompt)
    case .cachedAttention(let attention): run(attention, space)
    }
  }

  /// What can be spread over the pool beside other loops.
  private func loop(_ instruction: Instruction, _ space: Workspace) -> ParallelLoop {
    switch instruction {
    case .linear(let linear): loop(product(linear), scratch: space.scratch)
    case .weightGradient(let gradient): loop(gradientLoop(gradient), scratch: space.scratch)
    default: preconditionFailure("products and weight gradients run beside each other")
    }
  }

  // MARK: Memory

  public func constant(_ values: [Float], rows: Int, columns: Int) -> DeviceMemory {
    let matrix = Matrix(values, rows: rows, columns: columns)
    return DeviceMemory(matrix.tensor, owner: matrix)
  }

  public func allocate(rows: Int, columns: Int, type: ElementType) throws -> DeviceMemory {
    let block = try MemoryBlock(checking: max(1, rows * columns * type.byteWidth))
    let matrix = Matrix(base: block.base, rows: rows, columns: columns, stride: columns, type: type, owner: block)
    return DeviceMemory(matrix.tensor, owner: matrix)
  }

  public func weights(_ bytes: MappedBytes, rows: Int, columns: Int, type: ElementType) -> DeviceMemory? {
    Matrix(mapped: bytes, rows: rows, columns: columns, type: type).map { DeviceMemory($0.tensor, owner: $0) }
  }

  public func shared(_ buffer: FloatBuffer) -> DeviceMemory {
    DeviceMemory(buffer.matrix(at: 0, rows: 1, columns: buffer.count).tensor, owner: buffer)
  }

  public func makeCache(_ shape: CacheShape) throws -> any KeyValueCache { try DecodeCaches(shape) }

  public func cacheByteCount(_ shape: CacheShape) -> Int { DecodeCaches.byteCount(shape) }

  // MARK: To and from the host

  public func read(_ x: Tensor) -> [Float] {
    if x.type.isQuantized { return expanded(x) }
    let matrix = Matrix(x)
    return x.type == .fp32 ? (0..<x.rows).flatMap { matrix.floats(row: $0) } : matrix.values
  }

  public func write(_ values: [Float], to x: Tensor) {
    precondition(x.type == .fp32 && x.isWritable && values.count == x.rows * x.columns, "as many fp32 numbers")
    let matrix = Matrix(x)
    values.withUnsafeBufferPointer { source in
      guard let base = source.baseAddress else { return }
      for row in 0..<x.rows {
        (matrix.floats + row * x.stride).update(from: base + row * x.columns, count: x.columns)
      }
    }
  }

  public func mapRows<Result: Sendable>(
    _ x: Tensor, _ body: @Sendable (_ row: Int, _ values: [Float]) -> Result
  ) -> [Result] {
    let matrix = Matrix(x)
    return parallelMap(x.rows) { body($0, matrix.floats(row: $0)) }
  }
}

extension Instruction {
  var linear: Linear? { if case .linear(let linear) = self { linear } else { nil } }

  var isFewRows: Bool { linear?.fewRows ?? false }
}
