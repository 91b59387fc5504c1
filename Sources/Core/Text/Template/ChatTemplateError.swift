import JSON

/// Why a chat template could not be read or rendered, in one sentence that starts with the place:
/// `chat_template.jinja:3:14: unknown filter "foo"`.
public struct ChatTemplateError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The template's name as the caller gave it.
  public var name: String
  /// Both counted from 1; columns in Unicode scalars.
  public var line: Int
  public var column: Int
  public var message: String
  /// The template itself refused the conversation with `raise_exception`.
  public var isRaisedByTemplate: Bool

  public var description: String { "\(name):\(line):\(column): \(message)".printable }
}

/// A place in a template's source.
struct TemplatePosition: Sendable, Equatable {
  var line: Int
  var column: Int
}

/// An error on its way to a place: operations on values do not know where they stand, the nearest expression adds it.
struct TemplateFault: Error {
  var message: String
  var isRaisedByTemplate = false

  init(_ message: String, isRaisedByTemplate: Bool = false) {
    self.message = message
    self.isRaisedByTemplate = isRaisedByTemplate
  }
}
