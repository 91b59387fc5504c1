/// A call of a filter or of a method by its name.
struct TemplateCall {
  /// As the template says it; a filter may have two names.
  let name: String
  let arguments: TemplateCallArguments
  /// As a sentence about it calls it.
  let callee: String

  /// The arguments in the order of `names`, nil where one is not given.
  func bound(_ names: String...) throws -> [TemplateObject?] { try arguments.bound(to: names, of: callee) }

  /// An argument that must be a text.
  func required(_ value: TemplateObject?) throws -> String {
    guard case .string(let text)? = value else {
      throw TemplateFault("\(name)() needs a text, not \(value?.typeName ?? "nothing")")
    }
    return text
  }
}
