import Foundation

/// A program started with exactly the streams, environment and signal actions it is given, in a process group of its
/// own. It is killed with its group when this object goes.
final class ChildProcess {
  /// How a process ended.
  enum Ending: Equatable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)

    var description: String {
      switch self {
      case .exited(let code): "exit code \(code)"
      case .signalled(let number): "death by signal \(number)"
      }
    }
  }

  enum Streams {
    /// Descriptors of this process for standard input, output and error.
    case descriptors(input: Int32, output: Int32, error: Int32)
    /// All three are this terminal, which becomes the controlling one of a new session: `/dev/tty` is it.
    case terminal(path: String)
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// POSIX_SPAWN_SETSID, which glibc's header shows to GNU sources only.
  #if canImport(Glibc)
    private static let newSession: Int32 = 0x80
  #else
    private static let newSession = Int32(POSIX_SPAWN_SETSID)
  #endif

  let pid: pid_t
  private(set) var ending: Ending?

  init(_ command: [String], environment: [String: String], directory: String? = nil, streams: Streams) throws {
    guard command[0] != Program.path || FileManager.default.isExecutableFile(atPath: Program.path) else {
      throw Failure(description: "\(Program.path) is not there: build the product workbench first")
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }

    var flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)
    switch streams {
    case .descriptors(let input, let output, let error):
      flags |= Int32(POSIX_SPAWN_SETPGROUP)
      for (target, source) in [input, output, error].enumerated() {
        posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
      }
    case .terminal(let path):
      // A session leader without a terminal gets the first one that it opens as its controlling terminal.
      flags |= Self.newSession
      posix_spawn_file_actions_addopen(&actions, 0, path, O_RDWR, 0)
      posix_spawn_file_actions_adddup2(&actions, 0, 1)
      posix_spawn_file_actions_adddup2(&actions, 0, 2)
    }

    // The test process may ignore or block signals; the program must meet them as it would from a shell.
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for number in [SIGPIPE, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD, SIGWINCH, SIGALRM] {
      sigaddset(&defaults, number)
    }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    var unblocked = sigset_t()
    sigemptyset(&unblocked)
    posix_spawnattr_setsigmask(&attributes, &unblocked)
    posix_spawnattr_setflags(&attributes, Int16(flags))

    // The shell gives way to the program, which keeps its process id.
    let moved = directory.map { ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", $0] + command } ?? command
    var arguments: [UnsafeMutablePointer<CChar>?] = moved.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { (arguments + variables).forEach { free($0) } }
    var pid: pid_t = 0
    let result = posix_spawnp(&pid, moved[0], &actions, &attributes, &arguments, &variables)
    guard result == 0 else {
      throw Failure(description: "\(command[0]) cannot be started: \(String(cString: strerror(result)))")
    }
    self.pid = pid
  }

  deinit {
    guard poll() == nil else { return }
    kill(-pid, SIGKILL)
    kill(pid, SIGKILL)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
  }

  /// The ending, if it has come; never waits.
  @discardableResult
  func poll() -> Ending? {
    if ending != nil { return ending }
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
    let number = status & 0x7f
    ending = number == 0 ? .exited((status >> 8) & 0xff) : .signalled(number)
    return ending
  }

  func signal(_ number: Int32) { kill(pid, number) }
}

/// Waiting without a fixed sleep: a condition is looked at often until it holds or the time is up.
enum Patience {
  /// A loaded machine with two cores must not fail a test.
  static let standard = 60.0

  /// Returns false if `condition` did not come to hold within `seconds`.
  static func wait(_ seconds: Double = standard, for condition: () throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
      if ContinuousClock.now >= deadline { return try condition() }
      try await Task.sleep(for: .milliseconds(10))
    }
    return true
  }

  /// A program that leaves before it has read its input must not end the tests.
  static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
