import Foundation

/// Removes a session folder: the files that a session consists of, and the folder if nothing else is in it.
public enum SessionRemoval {
  /// - Throws: `SessionError`.
  public static func remove(_ folder: String) throws {
    let files = FileManager.default
    let database = SessionFolder.database(folder)
    guard files.fileExists(atPath: database) || files.fileExists(atPath: folder + "/run.yaml") else {
      throw SessionError.absent(folder)
    }
    // Held until the end: no process may begin to write what is being removed.
    let lease = try SessionLease(folder: folder)
    defer { withExtendedLifetime(lease) {} }
    do {
      let own: Set = [
        "session.db", "session.db-wal", "session.db-shm", "run.yaml", "tensorboard", SessionFolder.lockName,
        SessionFolder.socketName, SessionFolder.logName,
      ]
      for name in try files.contentsOfDirectory(atPath: folder)
      where own.contains(name) || name.hasPrefix("checkpoint-") || name.hasPrefix(".checkpoint-") {
        try files.removeItem(atPath: folder + "/" + name)
      }
      if try files.contentsOfDirectory(atPath: folder).isEmpty { try files.removeItem(atPath: folder) }
    } catch {
      throw SessionError.unwritable(folder, why: error.localizedDescription)
    }
  }
}
