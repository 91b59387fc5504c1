import Training

/// A session folder as the process that writes it took it: its lease and its database.
struct SessionClaim: Sendable {
  let folder: String
  let lease: SessionLease
  /// SQLite keeps the file open, so its number is not given away.
  let database: FileIdentity

  /// - Throws: `TrainingError.folderLost` where the folder, its lock or its database was removed or replaced.
  func check() throws {
    if lease.isLost || database.hasLeft(SessionFolder.database(folder)) { throw TrainingError.folderLost(folder) }
  }
}
