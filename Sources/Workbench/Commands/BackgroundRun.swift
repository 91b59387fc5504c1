import CTerminal
import Foundation
import Session

/// Training in a process of its own, without a terminal: it outlives this one. What it has to say goes into
/// `headless.log` of its session.
enum BackgroundRun {
  /// How long to wait for its first sign of life, seconds. Reading much data takes longer.
  private static let patience = 10.0

  /// - Parameters:
  ///   - arguments: those of `workbench`.
  ///   - session: the folder that it trains in; made if it is missing, for the log.
  /// - Returns: the process, and whether it has taken the session by now or is still getting ready.
  /// - Throws: one sentence, where it could not be started or has ended already.
  static func begin(_ arguments: [String], session: String) throws -> (process: Int32, isTraining: Bool) {
    guard let program = Bundle.main.executablePath else { throw UsageError("the program's own path is not known") }
    var bytes: [CChar] = []
    for argument in [program] + arguments {
      bytes += argument.utf8.map { CChar(bitPattern: $0) }
      bytes.append(0)
    }
    bytes.append(0)
    let isNew = !FileManager.default.fileExists(atPath: session)
    try? FileManager.default.createDirectory(atPath: session, withIntermediateDirectories: true)
    let log = session + "/" + SessionFolder.logName
    let before = (try? Data(contentsOf: URL(fileURLWithPath: log)).count) ?? 0
    let process = ct_spawn_detached(bytes, log)
    guard process > 0 else {
      throw UsageError("\(program) could not be started: \(String(cString: strerror(errno)))")
    }
    let deadline = Date() + patience
    while Date() < deadline {
      if let reader = try? SessionReader(folder: session), case .live(process)? = try? reader.status() {
        return (process, true)
      }
      var status: Int32 = 0
      if waitpid(process, &status, WNOHANG) == process {
        let said = (try? Data(contentsOf: URL(fileURLWithPath: log)).dropFirst(before)) ?? Data()
        let last = String(decoding: said, as: UTF8.self).split(separator: "\n").last { $0.hasPrefix("error: ") }
        // A run that was over at once has ended well.
        guard let last else { return (process, true) }
        // A run that never began leaves nothing behind.
        if isNew, !FileManager.default.fileExists(atPath: session + "/" + SessionFolder.databaseName) {
          try? FileManager.default.removeItem(atPath: log)
          rmdir(session)
        }
        throw UsageError(String(last.dropFirst("error: ".count)))
      }
      usleep(50_000)
    }
    return (process, false)
  }
}
