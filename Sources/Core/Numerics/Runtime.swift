import CKernels
import COneDNN

/// The device: every number the model computes goes through an operation of this type. Another device is another
/// implementation of these operations; Model does not change.
///
/// Operations named here run on the calling thread; `parallel` spreads calls over the pool.
///
/// `@unchecked Sendable`: all members are constants; `kernels` points at a constant table in the program's image.
public final class Runtime: @unchecked Sendable {
  /// Which bodies of the micro-kernels run; `best` unless a test asks for its twin.
  public enum KernelLevel: Int, Sendable, CaseIterable {
    case naive, portable, avx2, avx512, best

    var kernelLevel: wb_level {
      switch self {
      case .naive: WB_NAIVE
      case .portable: WB_PORTABLE
      case .avx2: WB_AVX2
      case .avx512: WB_AVX512
      case .best: WB_AVX512_BF16
      }
    }
  }

  public let threads: Int
  public let precision: Precision
  let kernels: wb_kernels
  let pool: ThreadPool
  /// Whether bf16 products run as such, or through fp32 copies of blocks.
  public let multipliesBF16: Bool
  /// Whether products of many rows pack the weight and run our own bf16 kernel: where the processor has bf16 dot
  /// products but no matrix tiles, which oneDNN drives better.
  public let packsProducts: Bool

  /// - Parameter threads: workers of the pool, at least 1; results do not depend on it.
  public convenience init(threads: Int, precision: Precision) {
    self.init(threads: threads, precision: precision, kernelLevel: .best, widensBF16: false)
  }

  /// - Parameter widensBF16: multiply bf16 through fp32 copies even where the processor could do without, as a
  ///   processor without AVX-512 does.
  /// - Parameter packsProducts: whether bf16 products run on our packed kernel; nil leaves it to the processor.
  public init(
    threads: Int, precision: Precision, kernelLevel: KernelLevel, widensBF16: Bool, packsProducts: Bool? = nil
  ) {
    self.threads = max(1, threads)
    self.precision = precision
    kernels = wb_kernels_at(kernelLevel.kernelLevel).pointee
    pool = ThreadPool(threads: self.threads)
    multipliesBF16 = !widensBF16 && wb_matmul_supports_bf16() == 1
    self.packsProducts =
      packsProducts ?? (!widensBF16 && kernels.level == WB_AVX512_BF16 && wb_has_matrix_tiles() == 0)
  }

  /// One line for `doctor` and the run's record.
  public var summary: String { "\(arithmetic), \(threads) thread\(threads == 1 ? "" : "s")" }

  /// What decides the bits of results on this machine; the number of threads does not.
  public var arithmetic: String {
    let version = Int(wb_matmul_library_version())
    let products = packsProducts ? "packed bf16 products" : multipliesBF16 ? "bf16 products" : "bf16 through fp32"
    return
      "oneDNN \(version / 10000).\(version / 100 % 100).\(version % 100), \(String(cString: kernels.name)) kernels, "
      + products
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
}

/// `@unchecked Sendable`: every task of `parallelMap` writes its own slot once, and the array is read after the loop.
private struct ResultSlots<Result>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Result>
}
