import GRDB
import GRDBSQLite

/// The tables of `session.db`; docs/SESSION.md explains them. A change is a new entry of `migrations`, never an edit of
/// an old one.
enum SessionSchema {
  static var version: Int { migrations.count }

  /// "wbse", so that `file` and this program tell a session from any other database.
  static let applicationID = 0x7762_7365

  /// Positions of visits inside their step: a visit's id is `seq << visitBits | position`.
  static let visitBits = 20

  /// No view uses a JSON function: SQLite 3.40 calls none of them from a schema that is not trusted.
  static let migrations: [[String]] = [
    [
      // One row for each process that trained this session.
      """
      CREATE TABLE segment (
        id INTEGER PRIMARY KEY,
        started REAL NOT NULL,
        resumed_from INTEGER NOT NULL,
        run_file TEXT NOT NULL,
        model_hash TEXT NOT NULL,
        data_hash TEXT NOT NULL,
        engine TEXT NOT NULL,
        live_reference INTEGER NOT NULL,
        machine TEXT NOT NULL
      ) STRICT
      """,
      """
      CREATE TABLE lease (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        pid INTEGER NOT NULL,
        host TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        process_start INTEGER NOT NULL,
        heartbeat REAL NOT NULL
      ) STRICT
      """,
      """
      CREATE TABLE prompt (
        id INTEGER PRIMARY KEY,
        text TEXT NOT NULL
      ) STRICT
      """,
      """
      CREATE TABLE response (
        prompt INTEGER NOT NULL,
        position INTEGER NOT NULL,
        reward REAL NOT NULL,
        token_hash BLOB NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (prompt, position)
      ) STRICT, WITHOUT ROWID
      """,
      """
      CREATE TABLE step (
        seq INTEGER PRIMARY KEY,
        segment INTEGER NOT NULL,
        step INTEGER NOT NULL,
        time REAL NOT NULL,
        epoch REAL,
        loss REAL,
        learning_rate REAL,
        grad_norm REAL,
        rewards_chosen REAL,
        rewards_rejected REAL,
        rewards_margins REAL,
        rewards_accuracies REAL,
        logps_chosen REAL,
        logps_rejected REAL,
        gamma REAL,
        ess REAL,
        saturated_share REAL,
        num_tokens INTEGER NOT NULL,
        step_time REAL,
        beta REAL,
        kl REAL
      ) STRICT
      """,
      """
      CREATE TABLE visit (
        id INTEGER PRIMARY KEY,
        prompt INTEGER NOT NULL,
        drawn INTEGER,
        q REAL,
        ess REAL,
        margin REAL,
        loss REAL,
        response_1 INTEGER,
        tokens_1 INTEGER,
        logp_1 REAL,
        ref_logp_1 REAL,
        response_2 INTEGER,
        tokens_2 INTEGER,
        logp_2 REAL,
        ref_logp_2 REAL,
        more BLOB
      ) STRICT
      """,
      """
      CREATE TABLE event (
        seq INTEGER PRIMARY KEY,
        segment INTEGER NOT NULL,
        step INTEGER NOT NULL,
        time REAL NOT NULL,
        kind TEXT NOT NULL,
        body TEXT NOT NULL
      ) STRICT
      """,
      "CREATE INDEX event_kind ON event (kind, seq)",
      // The steps that count: a resumed process repeats those after its checkpoint, and its own replace them.
      """
      CREATE VIEW line AS
      SELECT * FROM step WHERE NOT EXISTS (
        SELECT 1 FROM segment WHERE segment.id > step.segment AND segment.resumed_from < step.step
      )
      """,
      """
      CREATE VIEW visited AS
      SELECT line.step, line.gamma, line.beta, visit.id & 1048575 AS position, visit.*,
        line.beta * (logp_1 - ref_logp_1) AS reward_1, line.beta * (logp_2 - ref_logp_2) AS reward_2,
        visit.loss / (SELECT sum(abs(v.loss)) FROM visit v WHERE v.id >> 20 = line.seq) AS loss_share
      FROM line JOIN visit ON visit.id BETWEEN line.seq << 20 AND line.seq << 20 | 1048575
      """,
    ],
    [
      // The run that this session is a branch of; no row for any other.
      """
      CREATE TABLE parent (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        session TEXT NOT NULL,
        step INTEGER NOT NULL,
        order_seed TEXT NOT NULL
      ) STRICT
      """
    ],
    [
      // Numbers of steps and evaluations that the tables above have no place for.
      """
      CREATE TABLE metric (
        seq INTEGER NOT NULL,
        key TEXT NOT NULL,
        value REAL,
        PRIMARY KEY (seq, key)
      ) STRICT, WITHOUT ROWID
      """
    ],
  ]

  /// Brings a database of an older version, or an empty one, to this version.
  static func migrate(_ db: Database) throws {
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    for index in migrations.indices where index >= found {
      for statement in migrations[index] { try db.execute(sql: statement) }
    }
    try db.execute(sql: "PRAGMA application_id = \(applicationID)")
    try db.execute(sql: "PRAGMA user_version = \(version)")
  }

  /// Why the file is not a session of this version, or nil. Compares every object's definition, so that no table, view,
  /// trigger or index of somebody else's making is ever run.
  static func difference(_ db: Database) throws -> Difference? {
    guard try Int.fetchOne(db, sql: "PRAGMA application_id") == applicationID else {
      return .damaged("it is not a session database")
    }
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    if found > version { return .newer(found) }
    guard found >= 1 else { return .damaged("it has no schema") }
    let expected = Dictionary(
      uniqueKeysWithValues: migrations.prefix(found).flatMap { $0 }.map { (Self.name(of: $0), $0) })
    let objects = try Row.fetchAll(
      db, sql: "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_autoindex_%'")
    var seen = 0
    for object in objects {
      let name = (try? object.decode(String?.self, forColumn: "name")) ?? nil
      let sql = (try? object.decode(String?.self, forColumn: "sql")) ?? nil
      guard let name, let sql, expected[name] == sql else {
        return .damaged("its schema is not a session's (\(name ?? "?"))")
      }
      seen += 1
    }
    guard seen == expected.count else { return .damaged("tables are missing") }
    return nil
  }

  /// - Throws: `SessionError` where the file is not a session of this version.
  static func require(_ db: Database, path: String) throws {
    // A process that died while it made the file.
    if try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0 { throw SessionError.notBegun(path) }
    switch try difference(db) {
    case .damaged(let why): throw SessionError.damaged(path, why: why)
    case .newer(let version): throw SessionError.newer(path, version: version)
    case nil: break
    }
  }

  enum Difference: Equatable {
    case damaged(String)
    case newer(Int)
  }

  /// `CREATE TABLE name (` → name; an index's name likewise.
  private static func name(of statement: String) -> String {
    String(statement.split(whereSeparator: { $0 == " " || $0 == "\n" })[2])
  }

  /// What every connection is told before anything else: nothing in the file may call a function with side effects,
  /// lengths are limited, and broken pages are found out.
  static func harden(_ db: Database) throws {
    sqlite3_limit(db.sqliteConnection, SQLITE_LIMIT_LENGTH, 64 << 20)
    try db.execute(sql: "PRAGMA trusted_schema = OFF")
    try db.execute(sql: "PRAGMA cell_size_check = ON")
    try db.execute(sql: "PRAGMA mmap_size = 0")
  }
}
