import JSON
import Text

/// One data format: how its rows are recognised and how one is read. Each lives in a file of its own.
protocol RowFormat: Sendable {
  var summary: String { get }

  /// Whether `row` has this format's keys, with values of the types that tell it from others.
  func recognises(_ row: JSONObject) -> Bool

  /// The row's prompt, responses and rewards. Checks common to all formats come later (`RawPreference.record`).
  func read(_ row: JSONObject) throws(DropReason) -> RawPreference

  /// Set where a recognised row cannot be read without an answer from the user.
  func question(_ row: JSONObject) -> FormatChoice?
}

/// A question only the user can answer, and the formats that answer it.
struct FormatChoice: Sendable {
  var why: String
  var formats: [DataFormat]
}

extension RowFormat {
  func question(_ row: JSONObject) -> FormatChoice? { nil }
}

// MARK: reading values

extension JSONObject {
  func has(_ keys: String...) -> Bool { keys.allSatisfy(contains) }

  func string(_ key: String) throws(DropReason) -> String {
    guard let value = self[key] else { throw .missingKey }
    guard let string = value.string else { throw .wrongType }
    return string
  }

  /// A number. Strings, booleans and null are not numbers.
  func number(_ key: String) throws(DropReason) -> Double {
    guard let value = self[key] else { throw .missingKey }
    guard let number = value.number else { throw .wrongType }
    return number
  }

  /// A boolean, or 0 or 1.
  func flag(_ key: String) throws(DropReason) -> Bool {
    guard let value = self[key] else { throw .missingKey }
    if let flag = value.bool { return flag }
    guard let number = value.number, number == 0 || number == 1 else { throw .wrongType }
    return number == 1
  }

  func array(_ key: String) throws(DropReason) -> [JSONValue] {
    guard let value = self[key] else { throw .missingKey }
    guard let array = value.array else { throw .wrongType }
    return array
  }

  func numbers(_ key: String) throws(DropReason) -> [Double] {
    var numbers: [Double] = []
    for value in try array(key) {
      guard let number = value.number else { throw .wrongType }
      numbers.append(number)
    }
    return numbers
  }

  func object(_ key: String) throws(DropReason) -> JSONObject {
    guard let value = self[key] else { throw .missingKey }
    guard let object = value.object else { throw .wrongType }
    return object
  }

  func textOrMessages(_ key: String) throws(DropReason) -> TextOrMessages {
    guard let value = self[key] else { throw .missingKey }
    return try value.textOrMessages()
  }

  func texts(_ key: String) throws(DropReason) -> [TextOrMessages] {
    var texts: [TextOrMessages] = []
    for value in try array(key) { texts.append(try value.textOrMessages()) }
    return texts
  }
}

extension JSONValue {
  /// Text, a list of messages, or a single message. Throws `wrongType` or `missingKey`.
  public func textOrMessages() throws(DropReason) -> TextOrMessages {
    switch self {
    case .string(let text): return .text(text)
    case .array, .object: return .messages(try messages())
    default: throw .wrongType
    }
  }

  /// `[{"role", "content"}]` (or ShareGPT's "from" and "value"), or one such object, or an object of lists: the form
  /// that older tables have of such columns (`Sequence` of `datasets`).
  public func messages() throws(DropReason) -> [ChatMessage] {
    let items: [JSONValue]
    switch self {
    case .array(let values): items = values
    case .object(let object): items = try object.zippedMessages() ?? [self]
    default: throw .wrongType
    }
    var messages: [ChatMessage] = []
    for item in items {
      guard let object = item.object else { throw .wrongType }
      messages.append(try object.message())
    }
    return messages
  }

  var isMessageList: Bool {
    switch self {
    case .array(let values):
      guard let first = values.first?.object else { return false }
      return first.has("role", "content") || first.has("from", "value")
    case .object(let object): return object.messageParts != nil
    default: return false
    }
  }
}

extension JSONObject {
  /// The names and lists of an object of lists that stands for messages.
  fileprivate var messageParts: (names: (String, String), roles: [JSONValue], contents: [JSONValue])? {
    for names in [("role", "content"), ("from", "value")] {
      if let roles = self[names.0]?.array, let contents = self[names.1]?.array { return (names, roles, contents) }
    }
    return nil
  }

  /// Messages one after another out of an object of lists; nil for any other object.
  fileprivate func zippedMessages() throws(DropReason) -> [JSONValue]? {
    guard let (names, roles, contents) = messageParts else { return nil }
    guard roles.count == contents.count else { throw .wrongType }
    return zip(roles, contents).map { .object(JSONObject([(names.0, $0), (names.1, $1)])) }
  }

  func message() throws(DropReason) -> ChatMessage {
    if self["from"] != nil {
      return ChatMessage(role: JSONObject.standardRole(try string("from")), content: try string("value"))
    }
    return ChatMessage(role: try string("role"), content: try string("content"))
  }

  /// ShareGPT's names for the roles that chat templates know.
  static func standardRole(_ name: String) -> String {
    switch name.lowercased() {
    case "human": "user"
    case "gpt", "chatgpt", "bot", "model": "assistant"
    default: name
    }
  }
}
