import JSON

extension JSONObject {
  /// A file's content as one object. Hugging Face files nest up to about 5 deep, and a 400-layer model's index has about
  /// 4,000 values.
  init(parsing bytes: [UInt8], file: String) throws {
    do {
      guard let object = try JSONValue(parsing: bytes, JSONOptions(maximumDepth: 64)).object else {
        throw CheckpointError.malformed(file: file, problem: "its JSON is not an object")
      }
      self = object
    } catch let fault as JSONFault {
      throw CheckpointError.malformed(file: file, problem: "\(fault.safeDescription) (JSON byte \(fault.offset))")
    }
  }
}

extension JSONFault {
  /// A key comes from the file, so it is made safe to print.
  fileprivate var safeDescription: String {
    guard case .duplicateKey(let key) = problem else { return description }
    return "the key \(CheckpointError.quoted(key)) stands twice in one object"
  }
}

extension JSONValue {
  /// As it would be quoted in an error message.
  var brief: String {
    switch self {
    case .null: "null"
    case .bool(let value): String(value)
    case .integer(let value): String(value)
    case .number(let value): String(value)
    case .string(let value): CheckpointError.quoted(value)
    case .array(let values): values.count <= 4 ? "[" + values.map(\.brief).joined(separator: ", ") + "]" : "a list"
    case .object: "an object"
    }
  }
}
