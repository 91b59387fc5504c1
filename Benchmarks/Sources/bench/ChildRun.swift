import CMeasure
import Control
import Foundation
import Glibc
import Session
import Synchronization

/// A run of the program as a user starts it, with what the system says of it.
struct ChildRun {
  struct Line {
    /// Seconds since the process was started.
    var time: Double
    var object: [String: Any]
  }
  /// The JSON lines of standard output.
  var lines: [Line] = []
  /// Seconds from start to exit.
  var wall = 0.0
  /// Peak resident bytes of the program itself; read while it ran, because the system's own account at the exit begins
  /// with the memory of the process that started it.
  var peakMemory = 0

  /// Runs to the end, reading JSON lines from a pipe.
  static func headless(_ program: String, _ arguments: [String], folder: String) throws -> ChildRun {
    let begin = DispatchTime.now().uptimeNanoseconds
    func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9 }
    let (pid, output) = try spawn(program, arguments, folder: folder, terminal: false)
    var run = ChildRun()
    var waiting: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(output, &buffer, buffer.count)
      guard count > 0 else { break }
      let time = now()
      waiting += buffer[..<count]
      run.peakMemory = max(run.peakMemory, peak(of: pid))
      while let end = waiting.firstIndex(of: UInt8(ascii: "\n")) {
        let object = try? JSONSerialization.jsonObject(with: Data(waiting[..<end])) as? [String: Any]
        if let object { run.lines.append(Line(time: time, object: object)) }
        waiting.removeFirst(end + 1)
      }
    }
    close(output)
    let status = finish(pid)
    run.wall = now()
    guard status == 0 else {
      throw Refusal("\(([program] + arguments).joined(separator: " ")) ended with status \(status)")
    }
    return run
  }

  /// Runs on a terminal of 120 × 40 whose output nobody looks at, until the record in `session` tells that it has
  /// finished; then leaves the screen. Seconds from the run's start to its end, as the record grows.
  static func onScreen(_ program: String, _ arguments: [String], folder: String, session: String) throws -> Double {
    let time = try watched(program, arguments, folder: folder, session: session, terminal: true) { pid, output in
      // A key that leaves, and one that says yes; then the way that always works.
      for key in ["q", "y"] {
        _ = key.withCString { write(output, $0, 1) }
        usleep(200_000)
      }
      kill(pid, SIGTERM)
      usleep(300_000)
      kill(pid, SIGKILL)
    }
    guard let time else { throw Refusal("the run on the screen ended before its time; see \(session)") }
    return time
  }

  /// The same without a screen, timed in the same way.
  static func recorded(_ program: String, _ arguments: [String], folder: String, session: String) throws -> Double {
    let time = try watched(program, arguments, folder: folder, session: session, terminal: false) { _, _ in }
    guard let time else { throw Refusal("the run ended before its time; see \(session)") }
    return time
  }

  /// Starts the program, reads its output away and times it by its record; `leave` then ends it, if it does not end by
  /// itself. nil where the record has no end.
  private static func watched(
    _ program: String, _ arguments: [String], folder: String, session: String, terminal: Bool,
    leave: (_ pid: Int32, _ output: Int32) -> Void
  ) throws -> Double? {
    let (pid, output) = try spawn(program, arguments, folder: folder, terminal: terminal)
    let drain = Thread {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while read(output, &buffer, buffer.count) > 0 {}
    }
    drain.start()
    defer { close(output) }
    let time = watch(session, pid: pid)
    leave(pid, output)
    _ = finish(pid)
    return time
  }

  /// Seconds between the record's first step and its end, as the record itself tells; looks fifty times a second whether
  /// the end has come.
  private static func watch(_ session: String, pid: Int32) -> Double? {
    var reader: SessionReader?
    var cursor: Int64 = 0
    var first: Date?
    func end() -> Date? {
      reader = reader ?? (try? SessionReader(folder: session))
      while let page = try? reader?.events(after: cursor, visits: false), page.cursor != cursor {
        cursor = page.cursor
        for recorded in page.events {
          if case .step = recorded.event, first == nil { first = recorded.time }
          if case .finished = recorded.event { return recorded.time }
        }
      }
      return nil
    }
    while kill(pid, 0) == 0, !hasExited(pid) {
      if let end = end() { return first.map(end.timeIntervalSince) }
      usleep(20_000)
    }
    // It may have written its last line and gone between two looks.
    return end().flatMap { end in first.map(end.timeIntervalSince) }
  }

  private static func hasExited(_ pid: Int32) -> Bool {
    let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
    return text.isEmpty || text.split(separator: ")").last?.hasPrefix(" Z") == true
  }

  private static func peak(of pid: Int32) -> Int {
    let text = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }

  private static func spawn(
    _ program: String, _ arguments: [String], folder: String, terminal: Bool
  ) throws -> (pid: Int32, output: Int32) {
    let path = URL(fileURLWithPath: program).path
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw Refusal("\(program) is not a program; build it with `make build`, or name it with --workbench")
    }
    var output: Int32 = -1
    let copies = ([path] + arguments).map { strdup($0) }
    defer { copies.forEach { free($0) } }
    var argv: [UnsafePointer<CChar>?] = copies.map { $0.map { UnsafePointer($0) } } + [nil]
    let pid = cm_spawn(&argv, folder, terminal ? 1 : 0, &output)
    guard pid > 0 else { throw Refusal("\(program) cannot be started: \(String(cString: strerror(errno)))") }
    return (pid, output)
  }

  private static func finish(_ pid: Int32) -> Int {
    var memory: Int64 = 0
    return Int(cm_wait(pid, &memory))
  }
}
