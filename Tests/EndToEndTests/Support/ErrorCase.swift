import Testing

/// What is typed in a folder that holds `files`, and what comes of it.
struct ErrorCase: CustomTestStringConvertible, Sendable {
  var arguments: [String]
  var input = ""
  var files: [String: String] = [:]
  var code: Int32
  /// The whole line after "error: ", or what it begins with if it ends in "…".
  var error: String

  init(
    _ arguments: [String], input: String = "", files: [String: String] = [:], _ code: Int32, _ error: String
  ) {
    self.arguments = arguments
    self.input = input
    self.files = files
    self.code = code
    self.error = error
  }

  /// `train` of a run file with this content.
  static func runFile(_ yaml: String, _ error: String) -> ErrorCase {
    ErrorCase(["train", "RUN.yaml", "--headless"], files: ["RUN.yaml": yaml], 2, error)
  }

  /// `train` on a file with these rows.
  static func data(_ rows: String, _ error: String) -> ErrorCase {
    ErrorCase(
      ["train", "RUN.yaml", "--headless"],
      files: ["RUN.yaml": EndToEnd.runFile(train: "rows.jsonl"), "rows.jsonl": rows], 3, error)
  }

  var testDescription: String { arguments.joined(separator: " ") + " → \(code)" }
}
