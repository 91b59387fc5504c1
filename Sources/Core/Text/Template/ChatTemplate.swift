import Foundation

/// A checkpoint's chat template: the jinja2 source that turns messages into the text its model was trained on.
///
/// Rendered as transformers' `apply_chat_template` does: a sandboxed jinja2 with `trim_blocks`, `lstrip_blocks` and
/// loop controls; `raise_exception`, `strftime_now` and its own `tojson`. Undefined variables print nothing; an
/// attribute of one is an error. Inheritance, imports, `call` blocks, recursive loops and starred arguments are refused
/// by name. Known to differ: integers have 64 bits, and a global set late does not hide the variable from loops before.
public struct ChatTemplate: Sendable {
  /// What error messages start with, such as `chat_template.jinja`.
  public let name: String
  private let statements: [TemplateStatement]

  /// - Throws: `ChatTemplateError` with line and column.
  public init(source: String, name: String) throws {
    self.name = name
    statements = try TemplateParser.parse(source, name: name)
  }

  /// The text of `messages`.
  ///
  /// - Parameters:
  ///   - bosToken: nil leaves `bos_token` undefined, as for a tokenizer that has none.
  ///   - extra: further variables; one named as a built-in takes its place.
  ///   - now: what `strftime_now` prints, in `timeZone`.
  /// - Throws: `ChatTemplateError`; `isRaisedByTemplate` tells a refusal by the template from a fault in it.
  public func render(
    messages: [ChatMessage], addGenerationPrompt: Bool, bosToken: String?, eosToken: String?,
    extra: [String: TemplateValue] = [:], now: Date = Date(), timeZone: TimeZone = .current
  ) throws -> String {
    let chat = messages.map { message in
      TemplateValue.dict([
        .init("role", .string(message.role)), .init("content", .string(message.content)),
      ])
    }
    var globals: [String: TemplateValue] = [
      "messages": .list(chat), "tools": .none, "documents": .none, "add_generation_prompt": .bool(addGenerationPrompt),
    ]
    globals["bos_token"] = bosToken.map(TemplateValue.string)
    globals["eos_token"] = eosToken.map(TemplateValue.string)
    globals.merge(extra) { $1 }
    return try render(globals, now: now, timeZone: timeZone)
  }

  /// Renders with exactly these variables.
  func render(
    _ variables: [String: TemplateValue], now: Date, timeZone: TimeZone, stepLimit: Int = TemplateLimits.steps
  ) throws -> String {
    do {
      let globals = try variables.map { ($0.key, try TemplateObject($0.value)) }
      let interpreter = TemplateInterpreter(
        name: name, globals: globals, now: now, timeZone: timeZone, stepLimit: stepLimit)
      return try interpreter.render(statements)
    } catch let fault as TemplateFault {
      throw ChatTemplateError(
        name: name, line: 1, column: 1, message: fault.message, isRaisedByTemplate: fault.isRaisedByTemplate)
    }
  }
}
