import Foundation
import Training

/// Removes a session folder: the files that a session consists of, the checkpoints that its record announces, and the
/// folder if nothing else is in it.
public enum SessionRemoval {
  /// - Returns: the names of what stays, because no process of the session has written it.
  /// - Throws: `SessionError`.
  @discardableResult
  public static func remove(_ folder: String) throws -> [String] {
    let files = FileManager.default
    let database = SessionFolder.database(folder)
    guard files.fileExists(atPath: database) else { throw SessionError.absent(folder) }
    // Held until the end: no process may begin to write what is being removed.
    let lease = try SessionLease(folder: folder)
    defer { withExtendedLifetime(lease) {} }
    let checkpoints: Set<String>
    do {
      checkpoints = try own(folder)
    } catch {
      lease.takeBack()
      throw error
    }
    do {
      let own: Set = [
        "session.db", "session.db-wal", "session.db-shm", "session.db-journal", "run.yaml",
        SessionFolder.lockName, SessionFolder.socketName, SessionFolder.logName,
      ]
      try removeEventFiles(folder + "/tensorboard")
      // The record goes last: without it nobody could tell any more whose the rest is.
      let names = try files.contentsOfDirectory(atPath: folder).filter { own.contains($0) || checkpoints.contains($0) }
      for name in names.filter({ !own.contains($0) }) + names.filter(own.contains) {
        try files.removeItem(atPath: folder + "/" + name)
      }
      let left = try files.contentsOfDirectory(atPath: folder).sorted()
      if left.isEmpty { try files.removeItem(atPath: folder) }
      return left
    } catch {
      throw SessionError.unwritable(folder, why: error.localizedDescription)
    }
  }

  /// The checkpoint folders that processes of the session have written, by name.
  /// - Throws: `SessionError` where the record does not say; then nothing is removed.
  private static func own(_ folder: String) throws -> Set<String> {
    let path = SessionFolder.database(folder)
    var announced: Set<Int> = []
    do {
      announced = try SessionReader.open(path).read { db in
        try SessionSchema.require(db, path: path)
        return try RecordedRun.announced(db)
      }
    } catch SessionError.notBegun {
      // A process that died while it made the database.
    } catch {
      throw SessionReader.explain(error, path: path)
    }
    return Set(announced.map { "checkpoint-\($0)" }).union(CheckpointStore.leftovers(session: folder).map(\.name))
  }

  /// What `sessions export --tensorboard` has written, and the folder if nothing else is in it.
  private static func removeEventFiles(_ folder: String) throws {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return }
    for name in names where TensorBoardFile.isOwn(name) {
      try FileManager.default.removeItem(atPath: folder + "/" + name)
    }
    rmdir(folder)
  }
}
