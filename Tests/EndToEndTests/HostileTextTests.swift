import Foundation
import Testing

extension EndToEnd {
  /// A terminal obeys what it is sent: text of models, data, paths and arguments must not reach it as it is.
  @Suite("text that would steer a terminal")
  struct HostileText {
    @Test("no command passes it on, and JSON keeps its value")
    func everyCommand() async throws {
      let project = try HostileProject()
      try await project.train()
      try await project.readSessions()
      try await project.answer()
      try await project.refuseSettings()
      try await project.refuseNames()
      try await project.expect(["sessions", "rm", project.session], [0])
    }
  }
}

extension HostileProject {
  fileprivate func train() async throws {
    // A token is shown for what it is.
    let shown = try await expect(["check", run], [0]).output
    for piece in ["[␛]", "[<␛[31m\u{FFFD}2J␇␈␡"] { #expect(shown.contains(piece), "\(shown)") }
    let trained = try await expect(["train", run, "--headless"], [0])
    #expect(trained.objects.count == trained.lines.count && trained.lines.count > 4)
    #expect(trained.objects.first?.text("session")?.hasSuffix(session) == true, "the path is told as it is")
    #expect(trained.objects.contains { $0.event == "generation" })
    // The session is taken now.
    try await expect(["check", run], [2])
  }

  fileprivate func readSessions() async throws {
    let lines = try await expect(["sessions", "lines", session], [0])
    #expect(lines.objects.count == lines.lines.count)
    for more in [["list", "."], ["list", "absent\(Self.hostile)"]] { try await expect(["sessions"] + more, [0, 2]) }
    try await expect(["sessions", "show", session], [0])
    try await expect(["sessions", "export", session, "--csv"], [0])
    try await expect(["sessions", "export", session, "--tensorboard", "--to", "board\(Self.hostile)"], [0])
    try await expect(["sessions", "compare", session, session], [0])
    try await expect(["sessions", "compare", session, session, "--csv"], [0])
    try await expect(["replay", session, "--frame", "2"], [0])
    try await expect(["attach", session], [2])
    try await expect(["resume", session, "--headless"], [2])
    try await expect(["branch", session, "--step", "1", "--session", branch, "--headless"], [0])
    try await expect(["sessions", "show", branch], [0])
    try await expect(["export", session, "--to", "adapter\(Self.hostile)"], [0])
    try await expect(["export", session, "--to", "merged\(Self.hostile)", "--merge"], [0])
  }

  /// Commands that score, answer and take apart what they read.
  fileprivate func answer() async throws {
    try await expect(["score", "--model", model, "--adapter", "adapter\(Self.hostile)", "-"], [0], input: ask)
    let answered = try await expect(["generate", "--model", model, "--max-new-tokens", "4", "-"], [0], input: ask)
    #expect(answered.objects.first?.text("prompt") == text)
    let rendered = try await expect(
      ["tokenize", "--model", model, "--chat", "-"], [0],
      input: "[{\"role\": \"user\", \"content\": \(Self.quoted(text))}]\n")
    #expect(rendered.objects.first?.text("text")?.contains(text) == true)
    let ids = try #require(rendered.objects.first?.numbers("ids")).map { Int($0) }
    #expect(ids.contains(1_967), "the hostile token is one token")
    let decoded = try await expect(["tokenize", "--model", model, "--decode", "-"], [0], input: "\(ids)\n")
    #expect(decoded.objects.first?.text("text")?.contains(text) == true)
    try await expect(["doctor"], [0], environment: ["TERM": Self.hostile, "LANG": Self.hostile])
  }

  /// A value that is wrong is named in words.
  fileprivate func refuseSettings() async throws {
    try await expect(["train", "ODD.yaml", "--headless"], [3])
    try await expect(["check", "ODD.yaml"], [3])
    try await expect(["check", "broken\(Self.hostile).yaml"], [2])
    try await expect(["check", run, "--set", "\(Self.hostile)=1"], [2])
    try await expect(["check", run, "--set", "preference.beta=\(Self.hostile)"], [2])
    try await expect(["demo", "--headless", "--set", Self.hostile], [2])
    try await expect(["demo", "--headless", "--control", Self.hostile], [2])
    try await expect(["train", run, "--theme", Self.hostile], [2])
    try await expect(["train", run, "--theme", "theme\(Self.hostile).yaml"], [2])
    try await expect([Self.hostile], [2])
    try await expect(["--\(Self.hostile)"], [2])
    try await expect(["generate", "--model", model, "--n", Self.hostile, "-"], [2])
    try await expect(["replay", session, "--frame", "1", "--size", Self.hostile], [2])
    try await expect(["--generate-completion-script", Self.hostile], [2])
  }

  /// So is a file or a session that is not there, and input that no command reads.
  fileprivate func refuseNames() async throws {
    for command in ["train", "check", "attach", "replay", "resume", "branch"] {
      try await expect([command, absent], [2])
    }
    try await expect(["export", absent, "--to", Self.hostile], [2])
    for command in ["show", "lines", "export", "rm"] {
      try await expect(["sessions", command, absent] + (command == "export" ? ["--csv"] : []), [0, 2])
    }
    for command in ["score", "generate", "tokenize"] {
      try await expect([command, "--model", absent, "-"], [4])
      try await expect([command, "--model", model, absent], [3])
      try await expect([command, "--model", model, "-"], [3], input: "{\(Self.quoted(Self.hostile)): 1}\n")
    }
    try await expect(["bench", "--model", absent], [4])
  }
}
