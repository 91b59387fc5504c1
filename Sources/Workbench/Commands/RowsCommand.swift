import ArgumentParser
import Job
import JSON
import PreferenceData
import Text

struct RowsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rows", abstract: "Show what data is read as: one canonical JSON row a line.",
    discussion: """
      Each line is {"prompt": text or messages, "responses": […], "rewards": […]}, best response first, whatever the \
      format and the kind of file. What was dropped, and why, is said on standard error.
      """)

  @Option(help: ArgumentHelp("Read every file as this format.", valueName: "name"))
  var format: String?

  @Option(help: ArgumentHelp("Stop after so many rows.", valueName: "n"))
  var head: Int?

  @Option(help: ArgumentHelp("The split to take from folders.", valueName: "name"))
  var split: String?

  @Argument(help: "Files, folders or patterns: JSON lines, Parquet, Arrow, CSV; or - for standard input.")
  var files: [String]

  func validate() throws {
    if let head, head < 1 { throw ValidationError("--head \(head) is not allowed; expected a whole number from 1") }
  }

  func run() throws {
    let paths = try DataPaths(use: .training, split: split, key: "--split").files(of: files)
    let output = StandardOutput.shared
    var status = StatusLine()
    let showsBar = status.isTerminal && !output.isTerminal
    defer { status.clear() }
    var count = 0
    let report = try PreferenceDataset.stream(paths: paths, format: try dataFormat()) { share in
      if showsBar { status.show(JobProgress.bar(share) + " reading rows") }
    } body: { record in
      try output.write(Self.line(record))
      count += 1
      if count == head { throw PreferenceDataset.EnoughRows() }
    }
    status.clear()
    // Where reading stopped early, the account of rows has no end.
    for line in report.lines().dropFirst(count == head ? 1 : 0) { status.write(line) }
  }

  private func dataFormat() throws -> DataFormat? {
    guard let format else { return nil }
    if let known = DataFormat(name: format) { return known }
    let names = DataFormat.allCases.map(\.rawValue)
    throw UsageError(
      "--format: \(JSONValue.quoted(format)) is not known\(NameSuggestion.hint(for: format, among: names)) "
        + "(one of: \(names.joined(separator: ", ")))")
  }

  private static func line(_ record: PreferenceRecord) -> String {
    let row = JSONObject([
      ("prompt", value(record.prompt)), ("responses", .array(record.responses.map(value))),
      ("rewards", .array(record.rewards.map { .number($0) })),
    ])
    return JSONValue.object(row).description
  }

  private static func value(_ text: TextOrMessages) -> JSONValue {
    switch text {
    case .text(let text): .string(text)
    case .messages(let messages):
      .array(messages.map { .object(JSONObject([("role", .string($0.role)), ("content", .string($0.content))])) })
    }
  }
}
