import Foundation

/// The built `workbench` program.
enum Program {
  /// Beside the test bundle, or what WORKBENCH_BINARY names.
  static let path: String = {
    if let named = ProcessInfo.processInfo.environment["WORKBENCH_BINARY"] { return named }
    var candidates: [URL] = []
    if let tests = Bundle.main.executableURL { candidates.append(tests.deletingLastPathComponent()) }
    candidates += ["release", "debug"].map { Project.root.appendingPathComponent(".build/\($0)") }
    let paths = candidates.map { $0.appendingPathComponent("workbench").path }
    return paths.first { FileManager.default.isExecutableFile(atPath: $0) } ?? paths[0]
  }()

  /// Another program of this package, built into the same folder.
  static func beside(_ name: String) -> String {
    URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent(name).path
  }

  /// What the program is started with: little, and the same on every machine.
  static let environment: [String: String] = {
    let inherited = ProcessInfo.processInfo.environment
    var environment = ["LANG": "C.UTF-8", "TERM": "xterm-256color"]
    for name in ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "WORKBENCH_KERNELS"] {
      environment[name] = inherited[name]
    }
    // A crash is to end the process at once, without a debugger's report.
    environment["SWIFT_BACKTRACE"] = "enable=no"
    return environment
  }()

  struct Result {
    var ending: ChildProcess.Ending
    var output: String
    var errors: String

    var lines: [String] { output.split(separator: "\n").map(String.init) }
    var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
    /// The lines that start with "error: ", of which the contract allows one.
    var complaints: [String] { errorLines.filter { $0.hasPrefix("error: ") } }
    var objects: [JSONObject] { lines.compactMap(JSONObject.init) }
  }

  /// Runs the program to its end.
  ///
  /// - Parameters:
  ///   - input: all of standard input; it is closed after that.
  ///   - directory: where relative paths begin; an empty folder by default.
  ///   - limit: seconds after which the program is killed and the run throws.
  static func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:], directory: String? = nil,
    limit: Double = 120
  ) async throws -> Result {
    try await run(
      command: [path] + arguments, input: input, environment: environment, directory: directory, limit: limit)
  }

  /// A line of `sh`, in which "$WORKBENCH" is the program.
  static func shell(
    _ script: String, environment: [String: String] = [:], directory: String? = nil, limit: Double = 120
  ) async throws -> Result {
    try await run(
      command: ["/bin/sh", "-c", script], input: "", environment: ["WORKBENCH": path].merging(environment) { $1 },
      directory: directory, limit: limit)
  }

  private static func run(
    command: [String], input: String, environment: [String: String], directory: String?, limit: Double
  ) async throws -> Result {
    let live = try LiveProgram(
      command: command, input: .text(input), environment: environment, directory: directory)
    let ending = try await live.end(limit: limit)
    return Result(ending: ending, output: live.output, errors: live.errors)
  }
}

/// A program that is still running: what it has written so far, and its standard input.
final class LiveProgram {
  enum Input {
    case text(String)
    /// Kept open for `send`.
    case open
  }

  private let child: ChildProcess
  private let folder: TemporaryFolder
  private var writing: FileHandle?

  convenience init(
    _ arguments: [String], input: Input = .open, environment: [String: String] = [:], directory: String? = nil
  ) throws {
    try self.init(
      command: [Program.path] + arguments, input: input, environment: environment, directory: directory)
  }

  init(command: [String], input: Input, environment: [String: String], directory: String?) throws {
    Patience.ignoreBrokenPipes()
    // Files rather than pipes: no reader has to keep up, and what was written can be looked at from the start again.
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path("here"), withIntermediateDirectories: true)
    let reading: FileHandle
    switch input {
    case .text(let text):
      try folder.write("stdin", text)
      reading = try FileHandle(forReadingFrom: folder.url("stdin"))
    case .open:
      let pipe = Pipe()
      for handle in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
        _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
      }
      reading = pipe.fileHandleForReading
      writing = pipe.fileHandleForWriting
    }
    try folder.write("stdout", "")
    try folder.write("stderr", "")
    let output = try FileHandle(forWritingTo: folder.url("stdout"))
    let errors = try FileHandle(forWritingTo: folder.url("stderr"))
    child = try ChildProcess(
      command, environment: Program.environment.merging(environment) { $1 },
      directory: directory ?? folder.path("here"),
      streams: .descriptors(
        input: reading.fileDescriptor, output: output.fileDescriptor, error: errors.fileDescriptor))
    try reading.close()
    try output.close()
    try errors.close()
  }

  var output: String { folder.text("stdout") }
  var errors: String { folder.text("stderr") }

  /// Complete lines of standard output so far that are JSON objects.
  var objects: [JSONObject] {
    let whole = output
    guard let end = whole.lastIndex(of: "\n") else { return [] }
    return whole[..<end].split(separator: "\n").compactMap { JSONObject(String($0)) }
  }

  func send(_ line: String) throws { try send(unfinished: line + "\n") }

  func send(unfinished text: String) throws { try writing?.write(contentsOf: Data(text.utf8)) }

  func closeInput() throws {
    try writing?.close()
    writing = nil
  }

  func signal(_ number: Int32) { child.signal(number) }

  /// Waits for the first object of which `condition` holds.
  func object(
    _ what: String, within seconds: Double = Patience.standard, where condition: (JSONObject) -> Bool
  ) async throws -> JSONObject {
    var found: JSONObject?
    _ = try await Patience.wait(seconds) {
      found = objects.first(where: condition)
      return found != nil || child.poll() != nil
    }
    if let found = found ?? objects.first(where: condition) { return found }
    throw ChildProcess.Failure(description: "\(what) never came; output: \(output.suffix(2000)) errors: \(errors)")
  }

  func end(limit: Double = Patience.standard) async throws -> ChildProcess.Ending {
    _ = try await Patience.wait(limit) { child.poll() != nil }
    if let ending = child.ending { return ending }
    kill(-child.pid, SIGKILL)
    throw ChildProcess.Failure(
      description: "still running after \(limit) s; output: \(output.suffix(1000)) errors: \(errors.suffix(1000))")
  }
}
