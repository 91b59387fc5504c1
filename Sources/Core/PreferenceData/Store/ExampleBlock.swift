import Text

/// Some examples with their texts, packed: for each its length in bytes, then its prompt's ids, the number of responses,
/// each one's ids, and the texts in the same order.
struct ExampleBlock: Sendable {
  /// Unpacked bytes at which a block is full.
  static let size = 128 << 10

  private let bytes: [UInt8]
  private let spans: [Range<Int>]

  var count: Int { spans.count }

  /// - Throws: `PackedReader.Damage` where the lengths do not add up.
  init(_ bytes: [UInt8]) throws {
    var reader = PackedReader(bytes)
    var spans: [Range<Int>] = []
    while !reader.isAtEnd { spans.append(try reader.span()) }
    self.bytes = bytes
    self.spans = spans
  }

  init(_ payloads: [[UInt8]]) {
    var bytes: [UInt8] = []
    var spans: [Range<Int>] = []
    for payload in payloads {
      spans.append(bytes.count..<bytes.count + payload.count)
      bytes += payload
    }
    self.bytes = bytes
    self.spans = spans
  }

  static func pack(_ example: EncodedExample, _ texts: ExampleTexts) -> [UInt8] {
    var writer = PackedWriter()
    writer.add(example.prompt)
    writer.add(example.responses.count)
    for response in example.responses { writer.add(response) }
    writer.add(texts.prompt)
    for response in texts.responses { writer.add(response) }
    return writer.bytes
  }

  func ids(_ index: Int) throws -> (prompt: [Int32], responses: [[Int32]]) {
    var reader = PackedReader(bytes, spans[index])
    return try Self.ids(&reader)
  }

  func texts(_ index: Int) throws -> ExampleTexts {
    var reader = PackedReader(bytes, spans[index])
    let count = try Self.ids(&reader).responses.count
    let prompt = try reader.text()
    var responses: [String] = []
    for _ in 0..<count { responses.append(try reader.text()) }
    return ExampleTexts(prompt: prompt, responses: responses)
  }

  private static func ids(_ reader: inout PackedReader) throws -> (prompt: [Int32], responses: [[Int32]]) {
    let prompt = try reader.ids()
    var responses: [[Int32]] = []
    for _ in 0..<(try reader.number(upTo: 1 << 20)) { responses.append(try reader.ids()) }
    return (prompt, responses)
  }
}

/// An example's texts as a person reads them, responses best first.
public struct ExampleTexts: Sendable, Equatable {
  public var prompt: String
  public var responses: [String]

  init(prompt: String, responses: [String]) {
    self.prompt = prompt
    self.responses = responses
  }

  public init(_ record: PreferenceRecord) {
    prompt = record.prompt.displayText
    responses = record.responses.map(\.displayText)
  }
}

extension TextOrMessages {
  /// For a person to read: a single turn as it is, longer conversations with the roles named.
  public var displayText: String {
    switch self {
    case .text(let text): return text
    case .messages(let messages):
      if messages.count == 1 { return messages[0].content }
      return messages.map { "\($0.role): \($0.content)" }.joined(separator: "\n")
    }
  }
}
