#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

import Synchronization

/// The system's refusal to give memory.
public struct MemoryError: Error, Equatable, CustomStringConvertible {
  public let byteCount: Int

  public var description: String { "The system refused \((byteCount + 999_999) / 1_000_000) MB of memory." }
}

/// Zeroed memory on a 4 KiB boundary, freed with its last reference.
///
/// `@unchecked Sendable`: `base` and `byteCount` are constants; who may write where is the business of the views onto
/// it (`Matrix`, `FloatBuffer`), which carry their own proofs.
final class MemoryBlock: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  /// - Throws: `MemoryError` where the system has no such room.
  init(checking byteCount: Int) throws(MemoryError) {
    precondition(byteCount > 0)
    // Anonymous pages arrive zeroed and cost nothing until touched, so a generous plan is not a resident one.
    let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | Self.anonymous, -1, 0)
    guard let mapped, mapped != MAP_FAILED else { throw MemoryError(byteCount: byteCount) }
    #if os(Linux)
      if byteCount >= 1 << 22 { madvise(mapped, byteCount, MADV_HUGEPAGE) }
    #endif
    base = mapped
    self.byteCount = byteCount
    Self.counter?.made.add(1, ordering: .relaxed)
  }

  /// For small blocks, where a refusal has no way out but the program's end: with a sentence and docs/commands.md's
  /// exit code. Whatever is large is asked for by `init(checking:)`.
  convenience init(byteCount: Int) {
    do {
      try self.init(checking: byteCount)
    } catch {
      let line = Array("error: \(error)\n".utf8)
      _ = write(2, line, line.count)
      exit(5)
    }
  }

  /// Counts the blocks that one thread makes, for the tests of the steady state.
  final class Counter: Sendable {
    let made = Atomic<Int>(0)
  }

  @TaskLocal static var counter: Counter?

  deinit { munmap(base, byteCount) }

  #if canImport(Darwin)
    private static let anonymous = MAP_ANON
  #else
    private static let anonymous = MAP_ANONYMOUS
  #endif
}
