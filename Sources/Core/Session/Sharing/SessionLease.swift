import Base
import Checkpoint
import Foundation
import GRDB
import Training

/// The right to write a session: an exclusive lock on a file in its folder. The system drops it with the process,
/// however that ends, so a crash never leaves a session locked.
///
/// The lock is on the file and not on its name, so the lease also knows which folder and which files it was given for:
/// somebody may remove or replace them while this process sleeps.
final class SessionLease: Sendable {
  private let folder: HeldFolder
  private let descriptor: Int32
  private let lock: FileIdentity
  /// Whether the lock's file was made for this lease.
  private let isMade: Bool

  /// - Throws: `SessionError.inUse` where another process, or another lease of this one, holds it.
  init(folder path: String) throws {
    do {
      folder = try HeldFolder(path: path)
    } catch {
      throw SessionError.unwritable(path, why: SystemReason.clause(for: error))
    }
    let file = SessionFolder.lock(path)
    isMade = FileIdentity.at(file) == .nothing
    (descriptor, lock) = try Self.lock(file, folder: path)
  }

  private static func lock(_ file: String, folder: String) throws -> (Int32, FileIdentity) {
    // A reader that asks whether the session is live holds the lock for an instant.
    for attempt in 0..<20 {
      if attempt > 0 { usleep(10_000) }
      // For nobody else: whoever can open the file can lock it, and so keep its owner out.
      let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
      guard descriptor >= 0, let identity = FileIdentity(descriptor: descriptor) else {
        throw SessionError.unwritable(file, why: String(cString: strerror(errno)))
      }
      // Earlier versions let everybody read it. Another user's file cannot be changed, and need not be.
      fchmod(descriptor, 0o600)
      // The process that held it may have removed the file with the session.
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0, !identity.hasLeft(file) { return (descriptor, identity) }
      close(descriptor)
    }
    throw SessionError.inUse(folder, pid: nil)
  }

  deinit { close(descriptor) }

  /// Whether folder and lock are still those that the lease was given for.
  var isLost: Bool { folder.hasLeft || lock.hasLeft(SessionFolder.lock(folder.path)) }

  /// Takes the lock's file back where there was none before, for a session that did not begin.
  func takeBack() {
    if isMade, !isLost { unlink(SessionFolder.lock(folder.path)) }
  }

  /// Whether a process writes the session now; nil where this user may not ask.
  private static func isLocked(folder: String) -> Bool? {
    let descriptor = open(SessionFolder.lock(folder), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return errno == EACCES ? nil : false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  /// Whether a process writes the session now. Of another user's session its record tells which process it would be, and
  /// the system whether that still runs.
  static func isHeld(folder: String, _ db: Database? = nil) throws -> Bool {
    if let isLocked = isLocked(folder: folder) { return isLocked }
    guard let db, let row = try Row.fetchOne(db, sql: "SELECT * FROM lease") else { return false }
    let record = DatabaseRow(row: row, table: "lease")
    let pid = Int32(truncatingIfNeeded: try record.whole("pid"))
    guard let holder = ProcessIdentity.running(pid) else { return false }
    return try holder.bootID == record.text("boot_id") && Int64(holder.start) == record.whole("process_start")
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
    let pid = ProcessInfo.processInfo.processIdentifier
    return running(pid) ?? ProcessIdentity(pid: pid, host: ProcessInfo.processInfo.hostName, bootID: "", start: 0)
  }

  /// nil where no process of this machine has the number.
  static func running(_ pid: Int32) -> ProcessIdentity? {
    let bootID = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
    // Field 22 of stat; the name in brackets before it may hold spaces.
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return nil }
    let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
    return ProcessIdentity(
      pid: pid, host: ProcessInfo.processInfo.hostName,
      bootID: bootID.trimmingCharacters(in: .whitespacesAndNewlines),
      start: fields.count > 19 ? Int(fields[19]) ?? 0 : 0)
  }
}
