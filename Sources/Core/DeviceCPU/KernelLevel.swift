import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An instruction set that the kernels are written for, in ascending order. Which one runs decides the last bits of
/// results, so the record of a run names it.
public enum KernelLevel: String, Sendable, CaseIterable, Comparable {
  /// The definitions in plain C, one number at a time. For tests.
  case naive
  /// The compiler's baseline: SSE2 on x86-64, NEON on arm64.
  case portable
  /// AVX2 with FMA.
  case avx2
  /// AVX-512 (F, BW, DQ, VL).
  case avx512
  /// AVX-512 with dot products of bf16.
  case avx512BF16 = "avx512-bf16"
  /// The same with matrix tiles of bf16.
  case amx

  public static func < (a: KernelLevel, b: KernelLevel) -> Bool { a.cLevel.rawValue < b.cLevel.rawValue }

  /// The best level that this processor runs and the system grants.
  public static let ofThisMachine: KernelLevel = {
    let best = wb_best_level()
    return allCases.first { $0.cLevel == best } ?? .portable
  }()

  /// The environment variable that caps the level, so that a better machine computes what a lesser one would.
  public static let variable = "WORKBENCH_KERNELS"

  /// The names that the variable takes.
  public static var names: [String] { allCases.filter { $0 != .naive }.map(\.rawValue) }

  /// What the variable asks for: nil where it is not set or empty.
  private static var asked: String? { getenv(variable).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } }

  /// One sentence where the variable's value is no level's name; nil where all is well.
  public static var complaint: String? {
    guard let asked, !names.contains(asked) else { return nil }
    return "\(variable): \"\(asked.prefix(40))\" is not known (one of: \(names.joined(separator: ", ")))"
  }

  /// The level that runs: the machine's best, or what the variable caps it to. A cap above the machine's best changes
  /// nothing.
  public static let best: KernelLevel = {
    guard let asked, names.contains(asked), let cap = KernelLevel(rawValue: asked) else { return ofThisMachine }
    return min(cap, ofThisMachine)
  }()

  /// All levels that can run here, the naive one aside.
  public static var available: [KernelLevel] { allCases.filter { $0 != .naive && $0 <= best } }

  var cLevel: wb_level {
    switch self {
    case .naive: WB_NAIVE
    case .portable: WB_PORTABLE
    case .avx2: WB_AVX2
    case .avx512: WB_AVX512
    case .avx512BF16: WB_AVX512_BF16
    case .amx: WB_AMX
    }
  }
}
