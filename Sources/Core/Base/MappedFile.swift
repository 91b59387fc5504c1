#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A regular file mapped read-only into memory; pages are read when first touched and shared between processes.
///
/// `@unchecked Sendable`: `base`, `count` and `descriptor` are constants; the memory is mapped `PROT_READ` and is never
/// written through this object; it is unmapped only in `deinit`, which runs when no thread holds a reference. So any
/// number of threads may read it at once. What the type cannot rule out is another program that truncates the file
/// in place: `bytes(in:)` checks the length again at each call, and a page that vanishes after that check raises
/// SIGBUS, as with any memory map. (A file replaced by renaming another over it keeps its old pages, and is safe.)
public final class MappedFile: @unchecked Sendable {
  public let path: String
  /// Length in bytes.
  public let count: Int
  private let base: UnsafeMutableRawPointer
  /// The open file, for checking its length again; nil for an anonymous copy.
  private let descriptor: Int32?

  /// Maps a whole file. Symbolic links are followed.
  /// - Throws: `MappedFileError` where the path cannot be opened, is not a regular file, or is empty.
  public init(path: String) throws {
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw MappedFileError(path: path, reason: Self.reason(errno)) }
    do {
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { throw MappedFileError(path: path, reason: Self.reason(errno)) }
      guard status.st_mode & S_IFMT == S_IFREG else {
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        throw MappedFileError(path: path, reason: isFolder ? "it is a folder" : "it is not a regular file")
      }
      guard let count = Int(exactly: status.st_size), count > 0 else {
        throw MappedFileError(path: path, reason: "it is empty")
      }
      guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
        throw MappedFileError(path: path, reason: Self.reason(errno))
      }
      self.path = path
      self.count = count
      self.base = base
      self.descriptor = descriptor
    } catch {
      close(descriptor)
      throw error
    }
  }

  /// An anonymous mapping that holds a copy of `source`, starting on a page boundary.
  fileprivate init(copying source: UnsafeRawBufferPointer, path: String) throws {
    #if canImport(Darwin)
      let flags = MAP_PRIVATE | MAP_ANON
    #else
      let flags = MAP_PRIVATE | MAP_ANONYMOUS
    #endif
    let size = max(source.count, 1)
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else {
      throw MappedFileError(path: path, reason: Self.reason(errno))
    }
    UnsafeMutableRawBufferPointer(start: base, count: size).copyMemory(from: source)
    _ = mprotect(base, size, PROT_READ)
    self.path = path
    self.count = size
    self.base = base
    self.descriptor = nil
  }

  deinit {
    munmap(base, count)
    if let descriptor { close(descriptor) }
  }

  /// A part of the file, valid only while this object lives; prefer `slice(_:)`, which keeps it alive.
  /// - Throws: `MappedFileError` where the range lies outside the file, or the file has shrunk since it was opened.
  public func bytes(in range: Range<Int>) throws -> UnsafeRawBufferPointer {
    guard range.lowerBound >= 0, range.upperBound <= count else {
      throw MappedFileError(path: path, reason: "bytes \(range.lowerBound)..<\(range.upperBound) lie outside it")
    }
    try checkLength(reaches: range.upperBound)
    return UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  /// A part of the file that keeps the mapping alive.
  public func slice(_ range: Range<Int>) throws -> MappedBytes {
    _ = try bytes(in: range)
    return MappedBytes(file: self, range: range)
  }

  /// Gives back the memory of a part; pages that are touched again are read again. A hint: never fails.
  public func release(_ range: Range<Int>) {
    // What `init(copying:)` made has no file to be read again from.
    guard descriptor != nil else { return }
    let range = range.clamped(to: 0..<count)
    let page = Int(getpagesize())
    // Whole pages only: the ones at the edges may be in use by a neighbour.
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound == count ? count : range.upperBound / page * page
    guard end > start else { return }
    madvise(base + start, end - start, MADV_DONTNEED)
  }

  private func checkLength(reaches end: Int) throws {
    guard let descriptor else { return }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw MappedFileError(path: path, reason: Self.reason(errno)) }
    guard Int(status.st_size) >= end else {
      throw MappedFileError(path: path, reason: "it was cut short while it was open")
    }
  }

  fileprivate func unchecked(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  private static func reason(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
  }
}

/// Bytes inside a mapped file. Holds the mapping alive, so it may outlive whoever opened the file.
public struct MappedBytes: Sendable {
  public let file: MappedFile
  /// Position inside the file; checked against its length when the slice was made.
  public let range: Range<Int>

  fileprivate init(file: MappedFile, range: Range<Int>) {
    self.file = file
    self.range = range
  }

  public var count: Int { range.count }

  /// The address is valid while this value, or any other reference to `file`, lives.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(file) { try body(file.unchecked(range)) }
  }

  /// The bytes without a scope: for kernels that hold the pointer as long as they hold this value.
  public var unsafeBytes: UnsafeRawBufferPointer { file.unchecked(range) }

  /// Little-endian whole numbers copied out; `elements` counts in units of `Integer` and is clamped to what is there.
  @inlinable
  public func integers<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type = Integer.self, _ elements: Range<Int>? = nil
  ) -> [Integer] {
    let width = MemoryLayout<Integer>.size
    let available = 0..<count / width
    let range = elements?.clamped(to: available) ?? available
    return withUnsafeBytes { bytes in
      [Integer](unsafeUninitializedCapacity: range.count) { output, count in
        let source = UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * width..<range.upperBound * width])
        UnsafeMutableRawBufferPointer(output).copyMemory(from: source)
        count = range.count
        #if _endian(big)
          for index in 0..<count { output[index] = output[index].byteSwapped }
        #endif
      }
    }
  }

  /// A part of these bytes, counted from their start.
  /// - Throws: `MappedFileError` where `part` reaches outside.
  public func slice(_ part: Range<Int>) throws -> MappedBytes {
    guard part.lowerBound >= 0, part.upperBound <= count else {
      throw MappedFileError(
        path: file.path, reason: "bytes \(part.lowerBound)..<\(part.upperBound) lie outside a tensor")
    }
    return MappedBytes(file: file, range: range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
  }

  public func isAligned(to width: Int) -> Bool {
    withUnsafeBytes { $0.baseAddress.map { Int(bitPattern: $0) % width == 0 } ?? true }
  }

  /// These bytes where they already start at a multiple of `width`, otherwise a copy that does.
  public func aligned(to width: Int) throws -> MappedBytes {
    if isAligned(to: width) { return self }
    let copy = try withUnsafeBytes { try MappedFile(copying: $0, path: file.path) }
    return MappedBytes(file: copy, range: 0..<count)
  }

  /// The same bytes, in the other's order.
  public func elementsEqual(_ other: MappedBytes) -> Bool {
    guard count == other.count else { return false }
    return withUnsafeBytes { mine in
      other.withUnsafeBytes { theirs in
        guard let left = mine.baseAddress, let right = theirs.baseAddress else { return true }
        return memcmp(left, right, mine.count) == 0
      }
    }
  }
}

/// Why a file cannot be mapped.
public struct MappedFileError: Error, Equatable, CustomStringConvertible {
  public let path: String
  public let reason: String

  public var description: String { "\(path) cannot be read: \(reason)." }
}
