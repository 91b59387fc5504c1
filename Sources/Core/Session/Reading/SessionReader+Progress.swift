import Foundation
import GRDB

extension SessionReader {
  /// Optimizer steps complete in the run's line; 0 before the first.
  public func lastStep() throws -> Int {
    do {
      let step = try database.read { db in
        // Not `max(step)` over the view: the newest row is found without reading the others.
        try Int.fetchOne(db, sql: "SELECT step FROM line ORDER BY seq DESC LIMIT 1") ?? 0
      }
      guard step >= 0 else {
        throw SessionError.damaged(SessionFolder.database(folder), why: "step \(step) is out of range")
      }
      return step
    } catch {
      throw Self.explain(error, path: SessionFolder.database(folder))
    }
  }
}
