#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Zeroed memory on a 4 KiB boundary, freed with its last reference.
///
/// `@unchecked Sendable`: `base` and `byteCount` are constants; who may write where is the business of the views onto
/// it (`Matrix`, `FloatBuffer`), which carry their own proofs.
final class MemoryBlock: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) {
    precondition(byteCount > 0)
    // Anonymous pages arrive zeroed and cost nothing until touched, so a generous plan is not a resident one.
    let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | Self.anonymous, -1, 0)
    guard let mapped, mapped != MAP_FAILED else {
      preconditionFailure("The system refused \(byteCount) bytes of memory.")
    }
    #if os(Linux)
      if byteCount >= 1 << 22 { madvise(mapped, byteCount, MADV_HUGEPAGE) }
    #endif
    base = mapped
    self.byteCount = byteCount
  }

  deinit { munmap(base, byteCount) }

  #if canImport(Darwin)
    private static let anonymous = MAP_ANON
  #else
    private static let anonymous = MAP_ANONYMOUS
  #endif
}
