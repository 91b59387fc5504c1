import Foundation

/// The right to write a session: an exclusive lock on a file in its folder. The system drops it with the process,
/// however that ends, so a crash never leaves a session locked.
final class SessionLease {
  private let descriptor: Int32

  /// - Throws: `SessionError.inUse` where another process, or another lease of this one, holds it.
  init(folder: String) throws {
    let path = SessionFolder.lock(folder)
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw SessionError.unwritable(path, why: String(cString: strerror(errno))) }
    // A reader that asks whether the session is live holds the lock for an instant.
    for attempt in 0..<20 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        self.descriptor = descriptor
        return
      }
      if attempt < 19 { usleep(10_000) }
    }
    close(descriptor)
    throw SessionError.inUse(folder, pid: nil)
  }

  deinit { close(descriptor) }

  /// Whether a process writes the session now.
  static func isHeld(folder: String) -> Bool {
    let descriptor = open(SessionFolder.lock(folder), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }
}

/// Who holds a lease, as the database tells.
struct ProcessIdentity: Equatable {
  var pid: Int32
  var host: String
  var bootID: String
  /// Clock ticks since the boot; with `bootID` it tells a process from a later one of the same number.
  var start: Int

  static var current: ProcessIdentity {
    let bootID = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
    // Field 22 of stat; the name in brackets before it may hold spaces.
    let stat = (try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8)) ?? ""
    let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
    return ProcessIdentity(
      pid: ProcessInfo.processInfo.processIdentifier, host: ProcessInfo.processInfo.hostName,
      bootID: bootID.trimmingCharacters(in: .whitespacesAndNewlines),
      start: fields.count > 19 ? Int(fields[19]) ?? 0 : 0)
  }
}
