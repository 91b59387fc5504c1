import Foundation

/// Filters over numbers.
extension TemplateInterpreter {
  func absFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    _ = try call.bound()
    if case .float(let double) = value { return .float(double.magnitude) }
    guard let integer = value.integer else {
      throw TemplateFault("bad operand type for abs(): '\(value.typeName)'")
    }
    return integer < 0 ? try negate(.int(integer)) : .int(integer)
  }

  func intFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let given = try call.bound("default", "base")
    let standard = given[0] ?? .int(0)
    let base = given[1]?.integer ?? 10
    switch value {
    case .string(let string):
      if (2...36).contains(base), let integer = Self.integer(string, base: base) { return .int(integer) }
      return Self.double(string).flatMap { Int(exactly: $0.rounded(.towardZero)) }.map(TemplateObject.int) ?? standard
    case .float(let double):
      return Int(exactly: double.rounded(.towardZero)).map(TemplateObject.int) ?? standard
    default:
      return value.integer.map(TemplateObject.int) ?? standard
    }
  }

  func floatFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    let standard = try call.bound("default")[0] ?? .float(0)
    if case .string(let string) = value { return Self.double(string).map(TemplateObject.float) ?? standard }
    return value.number.map(TemplateObject.float) ?? standard
  }

  func roundFilter(_ value: TemplateObject, _ call: TemplateCall) throws -> TemplateObject {
    try rounded(value, call.bound("precision", "method"))
  }

  private func rounded(_ value: TemplateObject, _ given: [TemplateObject?]) throws -> TemplateObject {
    let precision = given[0]?.integer ?? 0
    guard let number = value.number, (-300...300).contains(precision) else {
      throw TemplateFault("filter round needs a number and a precision it can use")
    }
    let scale = pow(10, Double(precision))
    switch given[1] {
    case nil, .string("common")?:
      if let integer = value.integer, precision >= 0 { return .int(integer) }
      if precision > 0 { return .float(Double(String(format: "%.\(precision)f", number)) ?? number) }
      let result = (number * scale).rounded(.toNearestOrEven) / scale
      return value.integer == nil ? .float(result) : .int(Int(exactly: result) ?? 0)
    case .string("ceil")?: return .float((number * scale).rounded(.up) / scale)
    case .string("floor")?: return .float((number * scale).rounded(.down) / scale)
    default: throw TemplateFault("method must be common, ceil or floor")
    }
  }

  private static func integer(_ text: String, base: Int) -> Int? {
    var digits = PythonText.strip(text).lowercased()
    let sign = digits.first == "-" || digits.first == "+" ? String(digits.removeFirst()) : ""
    if let prefix = [2: "0b", 8: "0o", 16: "0x"][base], digits.hasPrefix(prefix) { digits.removeFirst(2) }
    guard !digits.hasPrefix("_"), !digits.hasSuffix("_"), !digits.contains("__"), digits.first?.isASCII ?? false,
      digits.first != "+", digits.first != "-"
    else { return nil }
    return Int(sign + digits.filter { $0 != "_" }, radix: base)
  }

  private static func double(_ text: String) -> Double? {
    let digits = PythonText.strip(text).lowercased()
    if ["inf", "+inf", "infinity", "+infinity"].contains(digits) { return .infinity }
    if ["-inf", "-infinity"].contains(digits) { return -.infinity }
    if ["nan", "+nan", "-nan"].contains(digits) { return .nan }
    // Swift's parser would take hexadecimal floats as well.
    guard digits.unicodeScalars.allSatisfy({ "0123456789+-.e".unicodeScalars.contains($0) }) else { return nil }
    return Double(digits)
  }
}
