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

/// Zeroed memory on a 4 KiB boundary, freed with its last reference; large blocks lie in whole huge pages.
///
/// A large block's beginning and end matter as much as its middle: the residual stream and the threads' scratch lie
/// there. In small pages, what follows a product takes up to three times as long, depending on which pages the system
/// picked.
///
/// `@unchecked Sendable`: `base` and `byteCount` are constants; who may write where is the business of the views onto
/// it (`Matrix`, `FloatBuffer`), which carry their own proofs.
package final class MemoryBlock: @unchecked Sendable {
  package let base: UnsafeMutableRawPointer
  package let byteCount: Int
  private let mapped: UnsafeMutableRawBufferPointer

  /// 2 MiB, the huge page of x86-64 and of AArch64 with pages of 4 KiB.
  private static let hugePage = 1 << 21

  /// - Throws: `MemoryError` where the system has no such room.
  package init(checking byteCount: Int) throws(MemoryError) {
    precondition(byteCount > 0)
    // Anonymous pages arrive zeroed and cost nothing until touched, so a generous plan is not a resident one.
    let unit = byteCount >= 2 * Self.hugePage ? Self.hugePage : 1
    let whole = (byteCount + unit - 1) / unit * unit
    let length = whole + unit - 1
    let start = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | Self.anonymous, -1, 0)
    guard let start, start != MAP_FAILED else { throw MemoryError(byteCount: byteCount) }
    mapped = UnsafeMutableRawBufferPointer(start: start, count: length)
    base = start + (unit - Int(bitPattern: start) % unit) % unit
    #if os(Linux)
      if unit > 1 { madvise(base, whole, MADV_HUGEPAGE) }
    #endif
    self.byteCount = byteCount
    Self.counter?.made.add(1, ordering: .relaxed)
  }

  /// For small blocks, where a refusal has no way out but the program's end: with a sentence and docs/commands.md's
  /// exit code. Whatever is large is asked for by `init(checking:)`.
  package convenience init(byteCount: Int) {
    do {
      try self.init(checking: byteCount)
    } catch {
      let line = Array("error: \(error)\n".utf8)
      _ = write(2, line, line.count)
      exit(5)
    }
  }

  /// Counts the blocks that one thread makes, for the tests of the steady state.
  package final class Counter: Sendable {
    package let made = Atomic<Int>(0)

    package init() {}
  }

  @TaskLocal package static var counter: Counter?

  deinit { munmap(mapped.baseAddress, mapped.count) }

  #if canImport(Darwin)
    private static let anonymous = MAP_ANON
  #else
    private static let anonymous = MAP_ANONYMOUS
  #endif
}
