import CProcess
import Training

/// Too few threads for a run (exit code 5).
struct ThreadShortage: Error, CustomStringConvertible {
  var possible: Int
  var needed: Int

  var description: String {
    "the system allows \(possible) threads more and this needs \(needed); raise its limit of processes (ulimit -u), or of "
      + "address space (ulimit -v), in which each thread has a stack"
  }
}

/// Threads are asked for before a run begins: Dispatch waits for ever for one that the system refuses, and then no queue
/// moves, that of the signals among them.
enum ThreadSupply {
  /// Queues that wait while others work, the control socket, the reader of commands and Dispatch's own two.
  private static let queues = 8

  /// - Parameter pool: threads of the engine; nil is one for each processor.
  /// - Throws: `ThreadShortage`.
  static func require(pool: Int?) throws {
    // Dispatch itself makes as many as there are processors for loops over files and rows.
    let needed = (pool ?? Machine.cores) + Machine.cores + queues
    let possible = Int(cp_threads(Int32(clamping: needed)))
    if possible < needed { throw ThreadShortage(possible: possible, needed: needed) }
  }
}
