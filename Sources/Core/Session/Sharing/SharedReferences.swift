import Foundation
import GRDB
import Training

/// Reference log-probs in the records of sessions that lie beside a session. They are keyed by the model's hash, the
/// engine (which names precision and kernels) and the hash of prompt and response ids; the records are the cache, so
/// nothing is written anywhere else and nothing has to be cleaned up.
enum SharedReferences {
  /// The last written sessions are looked at, up to this many.
  static let mostSessions = 16

  /// - Parameter folder: the session that asks; itself not looked at.
  static func beside(_ folder: String, facts: RunFacts) -> [ResumePoint.Reference] {
    let own = URL(fileURLWithPath: folder).standardizedFileURL
    let sessions = SessionReader.list(in: own.deletingLastPathComponent().path).filter {
      URL(fileURLWithPath: $0).standardizedFileURL.path != own.path
    }
    var known: [TokenHash: Double] = [:]
    for session in sessions.prefix(mostSessions) {
      // A session that cannot be read has nothing to offer; of two values, the one written last counts.
      guard let values = try? values(in: session, facts: facts) else { continue }
      known.merge(values) { last, _ in last }
    }
    guard !known.isEmpty else { return [] }
    var found: [ResumePoint.Reference] = []
    for prompt in 0..<facts.tokenHashes.count {
      for (response, hash) in facts.tokenHashes[prompt].enumerated() {
        guard let logProb = known[hash] else { continue }
        found.append(.init(prompt: prompt, response: response, logProb: logProb))
      }
    }
    return found
  }

  private static func values(in session: String, facts: RunFacts) throws -> [(TokenHash, Double)] {
    let path = SessionFolder.database(session)
    let database = try SessionReader.open(path)
    defer { try? database.close() }
    return try database.read { db in
      try SessionSchema.require(db, path: path)
      // With one model, engine and data set throughout: visits of a forced resume may mean other prompts.
      let alien = try Int.fetchOne(
        db,
        sql:
          "SELECT count(*) FROM segment WHERE model_hash <> ? OR engine <> ? OR data_hash <> (SELECT data_hash FROM segment LIMIT 1)",
        arguments: [facts.modelHash, facts.engine])
      guard alien == 0 else { return [] }
      var values: [(TokenHash, Double)] = []
      for place in ["1", "2"] {
        let rows = try Row.fetchCursor(
          db,
          sql: """
            SELECT response.token_hash AS hash, min(visit.ref_logp_\(place)) AS low, max(visit.ref_logp_\(place)) AS high
            FROM visit JOIN response ON response.prompt = visit.prompt AND response.position = visit.response_\(place)
            GROUP BY visit.prompt, visit.response_\(place)
            """)
        while let row = try rows.next() {
          let record = DatabaseRow(row: row, table: "visit")
          guard let hash = try record.optionalBlob("hash"), hash.count == 16,
            let low = try record.optionalNumber("low"), let high = try record.optionalNumber("high")
          else { continue }
          // A reference is one number; two would say that something changed on the way.
          if low == high, low.isFinite, low <= 0 { values.append((TokenHash(bytes: hash), low)) }
        }
      }
      return values
    }
  }
}
