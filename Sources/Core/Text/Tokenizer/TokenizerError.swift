import JSON

/// Why a tokenizer could not be read. Each description is one sentence that starts with the file's name.
public enum TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file cannot be opened or read.
  case unreadable(file: String, reason: String)
  /// The file is not JSON; `offset` counts bytes from its start.
  case malformedJSON(file: String, offset: Int, problem: String)
  /// A well-formed file whose content contradicts itself or the format; `problem` is a clause without a full stop.
  case invalid(file: String, problem: String)
  /// A component that exists in the format but not here, such as the "Unigram" model.
  case unsupported(file: String, component: String, type: String, supported: [String])
  /// The folder has no chat template, or none of that name.
  case noChatTemplate(folder: String)

  public var description: String { sentence.printable }

  private var sentence: String {
    switch self {
    case .unreadable(let file, let reason): return "\(file): cannot be read: \(reason)"
    case .malformedJSON(let file, let offset, let problem):
      return "\(file): not valid JSON at byte \(offset): \(problem)"
    case .invalid(let file, let problem): return "\(file): \(problem)"
    case .unsupported(let file, let component, let type, let supported):
      return
        "\(file): \(component) of type \"\(type)\" is not supported (supported: \(supported.joined(separator: ", ")))"
    case .noChatTemplate(let folder):
      return "\(folder): no chat template (neither chat_template.jinja nor chat_template in tokenizer_config.json)"
    }
  }
}
