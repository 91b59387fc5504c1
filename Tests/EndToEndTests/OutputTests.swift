import Foundation
import Testing

extension EndToEnd {
  /// What a command does whose standard output takes no more: nothing that was not written may look done.
  @Suite("standard output that cannot be written")
  struct Output {
    private static let prompts = String(repeating: #"{"prompt": "How do I", "response": " reach"}"# + "\n", count: 40)
    private static let texts = String(repeating: #""How do I reach the top shelf?""# + "\n", count: 3_000)

    /// A folder with a finished session `run` and an input for every command.
    private static func prepare() async throws -> TemporaryFolder {
      let folder = try TemporaryFolder()
      let run = try await EndToEnd.recordDemo(steps: 3, in: folder)
      #expect(run.ending == .exited(0), "\(run.errors)")
      try folder.write("RUN.yaml", EndToEnd.runFile(train: "rows.jsonl"))
      try folder.write("rows.jsonl", EndToEnd.rows)
      try folder.write("pairs.jsonl", prompts)
      try folder.write("texts.jsonl", texts)
      try folder.write("ids.jsonl", "[389, 296]\n")
      try folder.write("chat.jsonl", #"[{"role": "user", "content": "Hello"}]"# + "\n")
      return folder
    }

    /// Every command that prints a result.
    private static let commands: [[String]] = {
      let model = ["--model", Project.Demo.model]
      return [
        [], ["--help"], ["help", "train"], ["train", "--help"], ["sessions", "export", "--help"], ["--version"],
        ["--generate-completion-script", "bash"],
        ["tokenize"] + model + ["texts.jsonl"], ["tokenize"] + model + ["--decode", "ids.jsonl"],
        ["tokenize"] + model + ["--chat", "chat.jsonl"],
        ["score"] + model + ["pairs.jsonl"], ["generate"] + model + ["--max-new-tokens", "2", "pairs.jsonl"],
        ["check", "RUN.yaml"], ["doctor"], ["bench"] + model,
        ["sessions"], ["sessions", "list", "."], ["sessions", "show", "run"], ["sessions", "lines", "run"],
        ["sessions", "export", "run", "--csv"], ["sessions", "export", "run", "--tensorboard", "--to", "board"],
        ["sessions", "compare", "run", "run"], ["sessions", "compare", "run", "run", "--csv"],
        ["replay", "run", "--frame", "2"], ["export", "run", "--to", "adapter"],
      ]
    }()

    /// Runs the program with `output` for its standard output, which is closed here.
    private static func run(
      _ arguments: [String], in folder: TemporaryFolder, output: Int32
    ) async throws -> (ending: ChildProcess.Ending, errors: String) {
      defer { close(output) }
      // A command that makes a folder finds it missing each time.
      for name in ["adapter", "board"] { try? FileManager.default.removeItem(atPath: folder.path(name)) }
      try folder.write("errors", "")
      let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
      let errors = open(folder.path("errors"), O_WRONLY | O_CLOEXEC)
      let child = try ChildProcess(
        [Program.path] + arguments, environment: Program.environment, directory: folder.path,
        streams: .descriptors(input: input, output: output, error: errors))
      close(input)
      close(errors)
      _ = try await Patience.wait { child.poll() != nil }
      let ending = try #require(child.ending, "\(arguments) is still running")
      return (ending, folder.text("errors"))
    }

    @Test("a full disk: one sentence and exit code 5, whatever the command")
    func fullDisk() async throws {
      let folder = try await Self.prepare()
      for arguments in Self.commands {
        let result = try await Self.run(arguments, in: folder, output: open("/dev/full", O_WRONLY | O_CLOEXEC))
        #expect(result.ending == .exited(5), "\(arguments): \(result.errors)")
        #expect(
          result.errors == "error: standard output: cannot be written: No space left on device\n", "\(arguments)")
      }
    }

    @Test("a reader that has gone: no word, and the end that SIGPIPE gives a program that only prints")
    func readerGone() async throws {
      let folder = try await Self.prepare()
      for arguments in Self.commands {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        close(ends[0])
        let result = try await Self.run(arguments, in: folder, output: ends[1])
        #expect(result.ending == .signalled(SIGPIPE), "\(arguments): \(result.errors)")
        #expect(result.errors.isEmpty, "\(arguments): \(result.errors)")
      }
    }

    @Test("head has its line, and the shell sees that not all was written, also where it ignores SIGPIPE itself")
    func head() async throws {
      let folder = try await Self.prepare()
      for prelude in ["", "trap '' PIPE; "] {
        let result = try await Program.shell(
          prelude
            + "{ \"$WORKBENCH\" tokenize --model '\(Project.Demo.model)' texts.jsonl; echo $? > code; } | head -n 1",
          directory: folder.path)
        #expect(result.lines.count == 1)
        #expect(result.errors.isEmpty, "\(result.errors)")
        #expect(folder.text("code") == "141\n")
      }
    }

    @Test("a file that may not grow any more keeps what fits, and the command ends with 5")
    func shortWrite() async throws {
      let folder = try await Self.prepare()
      let result = try await Program.shell(
        "ulimit -f 2; \"$WORKBENCH\" tokenize --model '\(Project.Demo.model)' texts.jsonl > out",
        directory: folder.path)
      #expect(result.ending == .exited(5))
      #expect(result.errors == "error: standard output: cannot be written: File too large\n")
      // Blocks of 512 or 1,024 bytes: full to the last one.
      #expect([1_024, 2_048].contains(folder.text("out").utf8.count))
    }

    @Test("a pipe in non-blocking mode that is full is waited for")
    func nonBlocking() async throws {
      let folder = try await Self.prepare()
      var ends: [Int32] = [0, 0]
      #expect(pipe(&ends) == 0)
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      _ = fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) | O_NONBLOCK)
      let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
      let child = try ChildProcess(
        [Program.path, "tokenize", "--model", Project.Demo.model, "texts.jsonl"], environment: Program.environment,
        directory: folder.path, streams: .descriptors(input: input, output: ends[1], error: 2))
      close(input)
      close(ends[1])
      // Until the pipe is as good as full, nothing is read from it.
      var waiting: Int32 = 0
      let isFull = try await Patience.wait {
        _ = ioctl(ends[0], UInt(FIONREAD), &waiting)
        return waiting > 60_000
      }
      #expect(isFull, "\(waiting)")
      let text = String(decoding: FileHandle(fileDescriptor: ends[0]).readDataToEndOfFile(), as: UTF8.self)
      close(ends[0])
      _ = try await Patience.wait { child.poll() != nil }
      #expect(child.ending == .exited(0))
      #expect(text.split(separator: "\n").count == 3_000)
    }

    @Test("a device named by --to is written to and stays a device")
    func device() async throws {
      let folder = try await Self.prepare()
      #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
      let reader = try LiveProgram(
        command: ["/bin/cat", "pipe"], input: .text(""), environment: [:], directory: folder.path)
      let csv = try await Program.run(["sessions", "export", "run", "--csv", "--to", "pipe"], directory: folder.path)
      #expect(csv.ending == .exited(0), "\(csv.errors)")
      #expect(try await reader.end() == .exited(0))
      #expect(reader.output.hasPrefix("step,time,"))
      // What a link leads to is written, and the link stays one.
      try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: folder.path("table"))
      try folder.write("table", "older and longer than nothing")
      let linked = try await Program.run(
        ["sessions", "export", "run", "--csv", "--to", "link"], directory: folder.path)
      #expect(linked.ending == .exited(0), "\(linked.errors)")
      #expect(folder.text("table") == reader.output)
      let nowhere = try await Program.run(
        ["sessions", "export", "run", "--csv", "--to", "absent/file"], directory: folder.path)
      #expect(nowhere.ending == .exited(5))
      #expect(nowhere.errors == "error: absent/file: cannot be written: No such file or directory\n")
      let board = try await Program.run(
        ["sessions", "export", "run", "--tensorboard", "--to", "RUN.yaml/board"], directory: folder.path)
      #expect(board.ending == .exited(5))
      #expect(
        board.errors.hasPrefix("error: RUN.yaml/board/") && board.errors.hasSuffix("Not a directory\n"), "\(board)")
    }
  }
}
