import Foundation
import Testing

extension EndToEnd {
  /// A process that may take little memory or few threads ends with a sentence, never by a signal.
  @Suite("limits of the system")
  struct Limits {
    private static let soak = ProcessInfo.processInfo.environment["WORKBENCH_SOAK"] != nil

    /// Megabytes of address space. Below some 150 the loader cannot map the libraries; that is its own sentence, 127.
    private static let addressSpaces =
      soak ? Array(stride(from: 100, through: 2000, by: 50)) : [150, 200, 300, 450, 600, 900]

    private static let commands = [
      "score --model '\(Project.Demo.model)' pairs.jsonl",
      "generate --model '\(Project.Demo.model)' --greedy --max-new-tokens 8 pairs.jsonl",
      "check run.yaml",
      "demo --headless --session s --set training.max_steps=2 " + EndToEnd.quick.joined(separator: " "),
    ]

    private func folder() throws -> TemporaryFolder {
      let folder = try TemporaryFolder()
      try folder.write("pairs.jsonl", #"{"prompt": "How do I reach", "response": " the top shelf?"}"# + "\n")
      try folder.write("rows.jsonl", EndToEnd.rows)
      try folder.write("run.yaml", EndToEnd.runFile(train: "rows.jsonl"))
      return folder
    }

    @Test("address space", arguments: addressSpaces, commands)
    func addressSpace(megabytes: Int, command: String) async throws {
      let folder = try folder()
      let result = try await Program.shell(
        "ulimit -v \(megabytes * 1024); exec \"$WORKBENCH\" \(command)", directory: folder.path)
      switch result.ending {
      case .exited(0): #expect(result.complaints.isEmpty)
      case .exited(5): #expect(result.complaints.count == 1, "\(result.errors)")
      case .exited(127): #expect(megabytes < 200 && result.errors.contains("error while loading shared libraries"))
      default: Issue.record("\(result.ending): \(result.errors)")
      }
    }

    /// Root is above the limit of processes, so it becomes nobody first.
    private static let lowers: String? = {
      if getuid() != 0 { return "exec" }
      let setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].first(where: FileManager.default.isExecutableFile)
      return setpriv.map { "exec \($0) --reuid 65534 --regid 65534 --clear-groups" }
    }()

    /// The limit of processes has another letter in dash than in bash.
    private func limited(_ command: String, _ folder: TemporaryFolder) async throws -> Program.Result {
      try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
      let lowers = try #require(Self.lowers)
      return try await Program.shell(
        "ulimit -p 1 2> /dev/null || ulimit -u 1; \(lowers) \"$WORKBENCH\" \(command)",
        environment: ["HOME": folder.path], directory: folder.path,
        limit: 60)
    }

    @Test("no threads: scoring goes on with one", .enabled(if: lowers != nil))
    func scoringWithoutThreads() async throws {
      let folder = try folder()
      let free = try await Program.run(
        ["score", "--model", Project.Demo.model, "--threads", "2", "pairs.jsonl"], directory: folder.path)
      let limited = try await limited("score --model '\(Project.Demo.model)' --threads 2 pairs.jsonl", folder)
      #expect(limited.ending == .exited(0), "\(limited.errors)")
      #expect(limited.output == free.output && !free.output.isEmpty)
    }

    @Test(
      "no threads: what needs them refuses", .enabled(if: lowers != nil),
      arguments: ["train run.yaml --headless --session s", "check run.yaml"])
    func trainingWithoutThreads(command: String) async throws {
      let folder = try folder()
      let result = try await limited(command, folder)
      #expect(result.ending == .exited(5), "\(result.ending): \(result.errors)")
      #expect(result.complaints.count == 1, "\(result.errors)")
      #expect(result.complaints.first?.hasPrefix("error: the system allows 0 threads more and this needs ") == true)
      #expect(!FileManager.default.fileExists(atPath: folder.path("s")))
    }
  }
}
