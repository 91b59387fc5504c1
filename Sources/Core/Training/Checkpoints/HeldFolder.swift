import Foundation
import Synchronization

/// Which file or folder a path leads to: two with the same identity are the same one, whatever their names.
///
/// A number is given to another file once its own is gone, so keep the file open for as long as its identity is compared.
public struct FileIdentity: Sendable, Equatable {
  private let device: UInt64
  private let number: UInt64

  public enum Found: Sendable, Equatable {
    case file(FileIdentity)
    case nothing
    /// The system did not say, for instance because a disk of the network is away.
    case unknown
  }

  /// What lies at `path` now.
  /// - Parameter link: follow a symbolic link to what it names; by default the link itself is looked at.
  public static func at(_ path: String, through link: Bool = false) -> Found {
    var state = stat()
    guard (link ? stat(path, &state) : lstat(path, &state)) == 0 else {
      return errno == ENOENT || errno == ENOTDIR ? .nothing : .unknown
    }
    return .file(FileIdentity(state))
  }

  /// Of an open file; nil where `descriptor` is none.
  public init?(descriptor: Int32) {
    var state = stat()
    guard fstat(descriptor, &state) == 0 else { return nil }
    self.init(state)
  }

  private init(_ state: stat) {
    device = UInt64(state.st_dev)
    number = UInt64(state.st_ino)
  }

  /// Whether `path` leads to something else by now, or to nothing. A disk that does not answer proves neither.
  public func hasLeft(_ path: String, through link: Bool = false) -> Bool {
    switch Self.at(path, through: link) {
    case .file(let found): found != self
    case .nothing: true
    case .unknown: false
    }
  }
}

/// A folder that is held open. Its path may lead to another folder one day, but names that are changed through it are
/// changed in this very folder, or not at all.
public final class HeldFolder: Sendable {
  public let path: String
  public let identity: FileIdentity
  private let descriptor: Int32

  /// - Throws: `POSIXError`.
  public init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.problem }
    guard let identity = FileIdentity(descriptor: descriptor) else {
      close(descriptor)
      throw Self.problem
    }
    self.path = path
    self.identity = identity
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Whether the path leads elsewhere by now. It may be a link, for instance to another disk.
  public var hasLeft: Bool { identity.hasLeft(path, through: true) }

  /// Renames inside the folder; an empty folder at `new` is replaced.
  /// - Throws: `POSIXError`.
  func rename(_ old: String, to new: String) throws {
    guard renameat(descriptor, old, descriptor, new) == 0 else { throw Self.problem }
  }

  /// Removes a file inside the folder, if it is there.
  func unlink(_ name: String) { _ = unlinkat(descriptor, name, 0) }

  /// - Throws: `POSIXError`.
  func sync() throws {
    guard fsync(descriptor) == 0 else { throw Self.problem }
  }

  private static var problem: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}

/// A folder that is being read and that whoever made it should not remove meanwhile: a lock that readers share, and that
/// goes with the object or the process. Who removes folders asks `lockForRemoval`.
public final class FolderInUse: Sendable {
  /// -1 once it was let go.
  private let descriptor: Mutex<Int32>

  private init(_ descriptor: Int32) { self.descriptor = Mutex(descriptor) }

  deinit { release() }

  /// What was read is in memory, or mapped, and needs the folder no more.
  public func release() {
    descriptor.withLock { descriptor in
      if descriptor >= 0 { close(descriptor) }
      descriptor = -1
    }
  }

  /// nil where the folder is gone, or is being removed at this moment.
  public static func reading(_ path: String) -> FolderInUse? { lock(path, LOCK_SH) }

  /// nil while somebody reads it. Once it is held, no reader begins.
  static func lockForRemoval(_ path: String) -> FolderInUse? { lock(path, LOCK_EX) }

  private static func lock(_ path: String, _ kind: Int32) -> FolderInUse? {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    let folder = FolderInUse(descriptor)
    // Some disks of the network lock no folders: there everything is as if nobody else was reading.
    if flock(descriptor, kind | LOCK_NB) != 0, errno == EWOULDBLOCK { return nil }
    // It may have been renamed, to be removed, between the two calls.
    guard FileIdentity(descriptor: descriptor)?.hasLeft(path) == false else { return nil }
    return folder
  }
}
