/// Where a text stops being JSON, and why. Callers put it into an error of their own, in these words or others.
public struct JSONFault: Error, Equatable, Sendable {
  public enum Problem: Equatable, Sendable {
    case valueExpected
    case objectExpected
    case arrayExpected
    case stringExpected
    case keyExpected
    case colonExpected
    /// Neither a comma nor the closing bracket follows an element.
    case arrayUnfinished
    /// Neither a comma nor the closing brace follows a member.
    case objectUnfinished
    case trailingText
    case duplicateKey(String)

    case numberWithoutDigits
    case leadingZero
    case fractionWithoutDigits
    case exponentWithoutDigits
    case numberTooLarge

    case stringUnfinished
    case controlCharacter
    case unknownEscape
    case hexadecimalExpected
    /// Half a surrogate pair without the other half.
    case loneSurrogate
    /// A high surrogate followed by an escape that is no low one.
    case brokenSurrogatePair
    case notUTF8

    case tooDeep(limit: Int)
    case tooManyValues(limit: Int)
  }

  public let problem: Problem
  /// In bytes from the start of the text.
  public let offset: Int
  /// Whether the text ends at the offset.
  public let isAtEnd: Bool
}

extension JSONFault: CustomStringConvertible {
  /// A clause without the offset ("a string does not end").
  public var description: String {
    switch problem {
    case .valueExpected: isAtEnd ? "the JSON ends too early" : "a JSON value is expected"
    case .objectExpected: "an object is expected"
    case .arrayExpected: "a list is expected"
    case .stringExpected: "a string is expected"
    case .keyExpected: "an object's key is expected"
    case .colonExpected: "a colon is expected"
    case .arrayUnfinished: "a list does not end"
    case .objectUnfinished: "an object does not end"
    case .trailingText: "text follows the JSON value"
    case .duplicateKey(let key): "the key \(JSONValue.quoted(key)) stands twice in one object"
    case .numberWithoutDigits, .leadingZero, .fractionWithoutDigits, .exponentWithoutDigits: "a number is malformed"
    case .numberTooLarge: "a number is too large"
    case .stringUnfinished: "a string does not end"
    case .controlCharacter: "a string holds a control character"
    case .unknownEscape: "an escape is unknown"
    case .hexadecimalExpected: "four hexadecimal digits are expected"
    case .loneSurrogate: "a surrogate stands alone"
    case .brokenSurrogatePair: "a surrogate pair is broken"
    case .notUTF8: "a string is not UTF-8"
    case .tooDeep(let limit): "it is nested more than \(limit) deep"
    case .tooManyValues(let limit): "it holds more than \(limit) values"
    }
  }
}
