/// The methods of Python's `str` that ask of what kind its characters are, and those that change their case.
extension TemplateInterpreter {
  func titleMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return try made(PythonText.title(string))
  }

  func swapcaseMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return try made(
      string.unicodeScalars.reduce(into: "") { result, scalar in
        result +=
          scalar.properties.isLowercase ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
      })
  }

  func isspaceMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    try all(string, call, PythonText.isSpace)
  }

  func isdigitMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    try all(string, call) { $0.properties.numericType == .decimal || $0.properties.numericType == .digit }
  }

  func isnumericMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    try all(string, call) { $0.properties.numericType != nil }
  }

  func isalphaMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    try all(string, call, Self.isLetter)
  }

  func isalnumMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    try all(string, call) { Self.isLetter($0) || $0.properties.numericType != nil }
  }

  func islowerMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return .bool(try test("lower", .string(string), TemplateCallArguments()))
  }

  func isupperMethod(_ string: String, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    return .bool(try test("upper", .string(string), TemplateCallArguments()))
  }

  /// Whether there is a character and `test` holds of every one.
  private func all(
    _ string: String, _ call: TemplateCall, _ test: (Unicode.Scalar) -> Bool
  ) throws -> TemplateObject {
    _ = try call.bound()
    return .bool(!string.isEmpty && string.unicodeScalars.allSatisfy(test))
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}
