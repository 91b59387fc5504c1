import CKernels

/// The CPU as a device: it interprets a pass's instructions (Interpreter/) with operations that run on the calling
/// thread, spread over one pool by `parallel`.
///
/// `@unchecked Sendable`: all members are constants; `kernels` points at a constant table in the program's image.
public final class CPUDevice: @unchecked Sendable {
  public let threads: Int
  public let precision: Precision
  /// Which bodies of the kernels run.
  public let kernelLevel: KernelLevel
  let kernels: wb_kernels
  let pool: ThreadPool
  let splits = AttentionSplits()
  /// For the tests: see `AttentionTask.split`.
  let headsApart: Bool?

  /// - Parameter threads: workers of the pool, at least 1; results do not depend on it.
  public convenience init(threads: Int, precision: Precision) {
    self.init(threads: threads, precision: precision, kernelLevel: .best)
  }

  /// - Parameter kernelLevel: the best level below it runs where this machine lacks it.
  public convenience init(threads: Int, precision: Precision, kernelLevel: KernelLevel) {
    self.init(threads: threads, precision: precision, kernelLevel: kernelLevel, headsApart: nil)
  }

  init(threads: Int, precision: Precision, kernelLevel: KernelLevel, headsApart: Bool?) {
    self.headsApart = headsApart
    self.threads = max(1, threads)
    self.precision = precision
    self.kernelLevel = min(kernelLevel, .ofThisMachine)
    kernels = wb_kernels_at(kernelLevel.cLevel).pointee
    pool = ThreadPool(threads: self.threads)
  }

  /// Whether pairs of bf16 are multiplied as they are; elsewhere bf16 is widened to fp32 on its way into a product.
  public var multipliesPairs: Bool { kernels.has_pairs != 0 }

  /// How the second operand of a product with x of type `type` is packed.
  func panelFormat(x type: ElementType) -> PanelFormat { type == .bf16 && multipliesPairs ? .pairs : .wide }

  /// The form that weights take in products of this runtime's precision.
  public var panelFormat: PanelFormat { panelFormat(x: precision.elementType) }

  /// One line for `doctor` and the run's record.
  public var summary: String { "\(arithmetic), \(threads) thread\(threads == 1 ? "" : "s")" }

  /// What decides the bits of results on this machine; the number of threads does not.
  public var arithmetic: String {
    "\(kernelLevel.rawValue) kernels, \(multipliesPairs ? "bf16 products" : "bf16 widened to fp32 in products")"
  }

  /// Runs `body(task, worker)` for every task in 0..<count on the pool. Tasks must not write to each other's memory.
  public func parallel(_ count: Int, _ body: @Sendable (_ task: Int, _ worker: Int) -> Void) {
    pool.run(count, body)
  }

  /// Within a task that `worker` runs: `body(part, worker)` for every part in 0..<count, by this worker and by those that
  /// have no task left, each with its own number and scratch memory. Parts must not write to each other's memory.
  public func share(_ count: Int, worker: Int, _ body: @Sendable (_ part: Int, _ worker: Int) -> Void) {
    pool.share(count, worker: worker, body)
  }

  /// The results of `body` for every task in 0..<count, in order, computed on the pool.
  public func parallelMap<Result: Sendable>(_ count: Int, _ body: @Sendable (_ task: Int) -> Result) -> [Result] {
    [Result](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress {
        let slots = ResultSlots(base: base)
        pool.run(count) { task, _ in (slots.base + task).initialize(to: body(task)) }
      }
      initialized = count
    }
  }

  /// Products and sums of registers alone, of the kind that this runtime's products make, on every thread at once: what
  /// the processor could do if nothing had to be fetched. Returns the number of operations.
  public func registerProducts(rounds: Int) -> Double {
    let type = precision.elementType.kernelType
    return parallelMap(threads) { _ in
      var sink: Float = 0
      return self.kernels.peak(Int64(rounds), &sink, type)
    }.reduce(0, +)
  }
}

/// `@unchecked Sendable`: every task of `parallelMap` writes its own slot once, and the array is read after the loop.
private struct ResultSlots<Result>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Result>
}
