import Base
import Device

/// What the CPU needs of an arena beside a pass's tensors: one region for each kind of intermediate result that all
/// threads share, and scratch for every thread.
struct Workspace {
  /// Bytes of each region, in their order.
  struct Sizes: Equatable {
    /// Soft-max sums and mean embeddings by part of the vocabulary.
    var logProbs = 0
    /// Gradients of keys and values before they are added up.
    var attention = 0
    /// Inputs of few rows, widened.
    var wide = 0
    /// One thread's scratch.
    var worker = 0

    mutating func cover(_ other: Sizes) {
      logProbs = max(logProbs, other.logProbs)
      attention = max(attention, other.attention)
      wide = max(wide, other.wide)
      worker = max(worker, other.worker)
    }

    static func rounded(_ bytes: Int) -> Int { (bytes + 127) / 64 * 64 }

    init() {}

    init(_ numbers: [Int]) { (logProbs, attention, wide, worker) = (numbers[0], numbers[1], numbers[2], numbers[3]) }

    var numbers: [Int] { [logProbs, attention, wide, worker] }
  }

  /// One matrix a worker; none of an arena that nothing was reserved in.
  let scratch: [Matrix]
  private let regions: [Tensor]

  init(_ arena: Arena, threads: Int) {
    guard !arena.workspace.isEmpty else {
      (scratch, regions) = ([], [])
      return
    }
    let sizes = Sizes(arena.workspace)
    var offset = Sizes.rounded(arena.planned)
    func region(_ bytes: Int) -> Tensor {
      defer { offset += Sizes.rounded(bytes) }
      return Tensor(memory: arena.memory, offset: offset, rows: 1, columns: bytes / 4, type: .fp32)
    }
    regions = [sizes.logProbs, sizes.attention, sizes.wide].map(region)
    scratch = (0..<threads).map { _ in Matrix(region(sizes.worker)) }
  }

  /// fp32 numbers of one region after another.
  func logProbMemory() -> ScratchMemory { ScratchMemory(Matrix(regions[0])) }
  func attentionMemory() -> ScratchMemory { ScratchMemory(Matrix(regions[1])) }
  func wideMemory() -> ScratchMemory { ScratchMemory(Matrix(regions[2])) }
}

extension CPUDevice {
  public func reserve(_ arena: Arena, plan: TensorPlan, program: Program) throws {
    let sizes = sizes(program, bound: false)
    let total =
      Workspace.Sizes.rounded(plan.byteCount)
      + [sizes.logProbs, sizes.attention, sizes.wide].reduce(0) { $0 + Workspace.Sizes.rounded($1) }
      + threads * Workspace.Sizes.rounded(sizes.worker)
    if total > arena.byteCount {
      // Half as much again, since what nobody touches costs nothing, while pages of a new block arrive slowly.
      let block = try (try? MemoryBlock(checking: total + min(total / 2, 1 << 40))) ?? MemoryBlock(checking: total)
      arena.replace(memory: UInt(bitPattern: block.base), byteCount: block.byteCount, owner: block)
    }
    arena.begin(planned: plan.byteCount, workspace: sizes.numbers)
  }

  public func workspace(_ program: Program, bound: Bool) -> [(name: String, bytes: Int)] {
    let sizes = sizes(program, bound: bound)
    return [
      ("log-prob head", sizes.logProbs), ("gradients of activations", sizes.attention),
      ("scratch of the threads", sizes.wide + threads * Workspace.Sizes.rounded(sizes.worker)),
    ].filter { $0.1 > 0 }
  }

  private func sizes(_ program: Program, bound: Bool) -> Workspace.Sizes {
    var sizes = Workspace.Sizes()
    for step in program.steps {
      for instruction in step.together { sizes.cover(need(instruction, bound: bound)) }
      let few = step.together.compactMap(\.linear).filter(\.fewRows)
      if !few.isEmpty { sizes.wide = max(sizes.wide, 4 * wideCount(few)) }
    }
    return sizes
  }

  /// What one instruction takes.
  private func need(_ instruction: Instruction, bound: Bool) -> Workspace.Sizes {
    var sizes = Workspace.Sizes()
    func worker(_ count: Int) { sizes.worker = 4 * count }
    switch instruction {
    case .clear, .gate, .packAdapter, .cachePrompt, .softCapLogits: break
    case .embed(let embed): worker(embed.positions == nil ? 0 : embed.output.columns + 16)
    case .normAdd(let norm): worker(normAddCount(norm))
    case .normAddBackward(let norm): worker(normAddBackwardCount(norm))
    case .copy(let copy): worker(projectionCount(copy.projections))
    case .project(let project): worker(projectionCount(project.projections))
    case .norm(let norm): worker(projectionCount(norm.projections))
    case .normBackward(let norm): worker(projectionCount(norm.copy?.projections ?? []))
    case .headNorm(let norm): worker(headNormCount(columns: norm.input.columns))
    case .headNormBackward(let norm): worker(headNormCount(columns: norm.gradient.columns))
    case .linear(let linear):
      worker(linear.fewRows ? fewRowsCount(linear) : productCount(linear))
    case .attention(let attention): worker(attentionCount(attention))
    case .attentionBackward(let attention):
      worker(max(attentionCount(attention.forward), 64 * attention.forward.k.columns + 16))
      sizes.attention = 4 * joinedGradientCount(attention, bound: bound)
    case .logProbs(let logProbs):
      worker(vocabularyCount(logProbs))
      sizes.logProbs = 4 * vocabularySumCount(logProbs)
    case .logProbsBackward(let logProbs):
      worker(logProbs.into.columns + 16)
      sizes.logProbs = 4 * (logProbs.normalized.rows * logProbs.into.columns + 16)
    case .weightGradient(let gradient):
      worker(gradientCount(gradient))
    case .cachedAttention(let attention): worker(cachedAttentionCount(attention))
    }
    return sizes
  }
}
