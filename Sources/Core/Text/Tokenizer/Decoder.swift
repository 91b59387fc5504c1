import JSON

/// A step from tokens back to text. Between steps the text is a list of UTF-8 strings, one a token at first.
enum Decoder: Sendable {
  case byteLevel
  case byteFallback
  case fuse
  case strip(content: [UInt8], start: Int, stop: Int)
  case replace(TextPattern, with: [UInt8])
  case metaspace(replacement: [UInt8], dropsFirst: Bool)

  static let types = ["Sequence", "ByteLevel", "ByteFallback", "Fuse", "Strip", "Replace", "Metaspace"]

  /// The steps of a tokenizer.json's "decoder", with sequences flattened.
  static func steps(_ value: JSONValue?, file: TokenizerFile) throws -> [Decoder] {
    guard let value else { return [] }
    let type = try file.type(of: value, component: "a decoder")
    let fields = value.object ?? JSONObject()
    switch type {
    case "Sequence":
      guard let list = fields["decoders"]?.array else { throw file.invalid("a decoder sequence has no list") }
      return try list.flatMap { try steps($0, file: file) }
    case "ByteLevel": return [.byteLevel]
    case "ByteFallback": return [.byteFallback]
    case "Fuse": return [.fuse]
    case "Strip":
      guard let content = fields["content"]?.string, content.unicodeScalars.count == 1 else {
        throw file.invalid("the Strip decoder's content is not one character")
      }
      return [
        .strip(
          content: Array(content.utf8), start: max(0, fields["start"]?.integer ?? 0),
          stop: max(0, fields["stop"]?.integer ?? 0))
      ]
    case "Replace":
      guard let content = fields["content"]?.string else { throw file.invalid("the Replace decoder has no content") }
      let pattern = try TextPattern(fields["pattern"], component: "the Replace decoder", file: file)
      let step = Normalizer.replace(pattern, with: Array(content.utf8))
      try Normalizer.checkGrowth([step, step], file: file)
      return [.replace(pattern, with: Array(content.utf8))]
    case "Metaspace":
      let (replacement, scheme) = try PreTokenizer.metaspaceFields(fields, file)
      return [.metaspace(replacement: replacement, dropsFirst: scheme != .never)]
    default:
      throw TokenizerError.unsupported(file: file.name, component: "a decoder", type: type, supported: types)
    }
  }

  func apply(_ tokens: [[UInt8]]) -> [[UInt8]] {
    switch self {
    case .byteLevel:
      let bytes = tokens.flatMap { ByteLevelAlphabet.decode($0) ?? $0 }
      return [Array(String(decoding: bytes, as: UTF8.self).utf8)]
    case .byteFallback: return Self.joinBytes(tokens)
    case .fuse: return [Array(tokens.joined())]
    case .strip(let content, let start, let stop):
      return tokens.map { Self.strip($0, content, start: start, stop: stop) }
    case .replace(let pattern, let content): return tokens.map { Normalizer.replace(pattern, $0, with: content) }
    case .metaspace(let replacement, let dropsFirst):
      let pattern = TextPattern.string(replacement)
      return tokens.enumerated().map { index, token in
        Normalizer.replace(pattern, token, with: index == 0 && dropsFirst ? [] : [0x20])
      }
    }
  }

  /// Runs of tokens `<0xNN>` as the text of their bytes, or one U+FFFD a byte where they are no UTF-8.
  private static func joinBytes(_ tokens: [[UInt8]]) -> [[UInt8]] {
    var output: [[UInt8]] = []
    var run: [UInt8] = []
    func flush() {
      guard !run.isEmpty else { return }
      if String(validating: run, as: UTF8.self) != nil {
        output.append(run)
      } else {
        output.append(contentsOf: repeatElement(UTF8.encodedReplacementCharacter.map { $0 }, count: run.count))
      }
      run.removeAll()
    }
    for token in tokens {
      if let byte = byte(token) {
        run.append(byte)
      } else {
        flush()
        output.append(token)
      }
    }
    flush()
    return output
  }

  /// The byte that `<0xNN>` stands for.
  private static func byte(_ token: [UInt8]) -> UInt8? {
    guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">") else { return nil }
    return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
  }

  /// Up to `start` times `content` off the front and up to `stop` times off the back.
  private static func strip(_ token: [UInt8], _ content: [UInt8], start: Int, stop: Int) -> [UInt8] {
    var rest = token[...]
    var count = 0
    while count < start, rest.starts(with: content) {
      rest = rest.dropFirst(content.count)
      count += 1
    }
    count = 0
    while count < stop, rest.suffix(content.count).elementsEqual(content), !rest.isEmpty {
      rest = rest.dropLast(content.count)
      count += 1
    }
    return Array(rest)
  }
}
