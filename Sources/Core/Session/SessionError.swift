import Foundation

/// Why a session cannot be opened, recorded or resumed; the description is one sentence.
public enum SessionError: Error, CustomStringConvertible, Equatable {
  /// No session is in this folder.
  case absent(String)
  /// A session is here, but its process ended before the run began.
  case notBegun(String)
  /// A session is here, and its process has not recorded the run's beginning yet.
  case beginning(String)
  /// The database is not what this program writes.
  case damaged(String, why: String)
  /// Written by a newer program.
  case newer(String, version: Int)
  /// Another process writes here.
  case inUse(String, pid: Int32?)
  case unwritable(String, why: String)
  case unreadable(String, why: String)
  case cannotResume(String, why: String)
  case cannotBranch(String, why: String)

  public var description: String {
    switch self {
    case .absent(let path): "\(path): no session is here (\(SessionFolder.databaseName) is missing)"
    case .notBegun(let path): "\(path): the run ended before its first step; nothing was recorded"
    case .beginning(let path): "\(path): the run is only beginning; nothing is recorded yet"
    case .damaged(let path, let why): "\(path): the session database is damaged: \(why)"
    case .newer(let path, let version):
      "\(path): the session was written by a newer workbench (schema \(version); this one knows "
        + "\(SessionSchema.version))"
    case .inUse(let path, let pid):
      "\(path): another process\(pid.map { " (\($0))" } ?? "") is writing this session"
    case .unwritable(let path, let why): "\(path): cannot be written: \(why)"
    case .unreadable(let path, let why): "\(path): cannot be read: \(why)"
    case .cannotResume(let path, let why): "\(path): cannot be resumed: \(why)"
    case .cannotBranch(let path, let why): "\(path): cannot be branched: \(why)"
    }
  }
}

/// The names inside a session folder.
public enum SessionFolder {
  public static let databaseName = "session.db"
  static let lockName = ".lock"
  /// On which the process that trains takes commands from other screens.
  public static let socketName = "control.sock"
  /// What a run without a terminal has to say.
  public static let logName = "headless.log"

  static func database(_ folder: String) -> String { folder + "/" + databaseName }
  static func lock(_ folder: String) -> String { folder + "/" + lockName }
}
