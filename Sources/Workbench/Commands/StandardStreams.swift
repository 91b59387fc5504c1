import Foundation

/// The three streams that every program expects, whatever started it.
enum StandardStreams {
  /// Call it before anything is opened.
  ///
  /// A stream that is closed (`>&-`) would give its number to the first file that is opened, and what is meant for the
  /// stream would be written into that file: a lock, a checkpoint. So the number is taken, for standard output by
  /// something that refuses to be written. A file that may not grow further (`ulimit -f`) is an error like a full disk,
  /// not the end of the process.
  static func secure() {
    for (number, mode) in [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
    where fcntl(number, F_GETFD) < 0 {
      // The lowest free number is given, which is this one.
      _ = open("/dev/null", mode)
    }
    signal(SIGXFSZ, SIG_IGN)
  }
}
