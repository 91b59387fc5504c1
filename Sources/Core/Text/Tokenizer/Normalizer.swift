import JSON

/// A step that rewrites the text before it is split.
enum Normalizer: Sendable {
  case unicode(UnicodeNormalization.Form)
  case lowercase
  case strip(left: Bool, right: Bool)
  case prepend([UInt8])
  case replace(TextPattern, with: [UInt8])
  case byteLevel

  static let types = [
    "Sequence", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip", "Prepend", "Replace", "ByteLevel",
  ]

  /// The steps of a tokenizer.json's "normalizer", with sequences flattened.
  static func steps(_ value: JSONValue?, file: TokenizerFile) throws -> [Normalizer] {
    guard let value else { return [] }
    let type = try file.type(of: value, component: "a normalizer")
    let fields = value.object ?? JSONObject()
    switch type {
    case "Sequence":
      guard let list = fields["normalizers"]?.array else { throw file.invalid("a normalizer sequence has no list") }
      return try list.flatMap { try steps($0, file: file) }
    case "NFC": return [.unicode(.nfc)]
    case "NFD": return [.unicode(.nfd)]
    case "NFKC": return [.unicode(.nfkc)]
    case "NFKD": return [.unicode(.nfkd)]
    case "Lowercase": return [.lowercase]
    case "Strip":
      return [.strip(left: fields["strip_left"]?.bool ?? true, right: fields["strip_right"]?.bool ?? true)]
    case "Prepend":
      guard let prefix = fields["prepend"]?.string, prefix.utf8.count <= growthLimit else {
        throw file.invalid("the Prepend normalizer has no text or too long a one")
      }
      return [.prepend(Array(prefix.utf8))]
    case "Replace":
      guard let content = fields["content"]?.string else { throw file.invalid("the Replace normalizer has no content") }
      let pattern = try TextPattern(fields["pattern"], component: "the Replace normalizer", file: file)
      return [.replace(pattern, with: Array(content.utf8))]
    case "ByteLevel": return [.byteLevel]
    default:
      throw TokenizerError.unsupported(file: file.name, component: "a normalizer", type: type, supported: types)
    }
  }

  /// Refuses steps that could blow a text up beyond reason, as only a hostile file would.
  static func checkGrowth(_ steps: [Normalizer], file: TokenizerFile) throws {
    var growth = 1
    for step in steps {
      growth *= step.growth
      guard growth <= growthLimit else { throw file.invalid("its normalizers could blow a text up too far") }
    }
  }

  private static let growthLimit = 4096

  /// How many times longer the step can make a text, bounded to keep products small.
  private var growth: Int {
    switch self {
    case .strip, .prepend: return 1
    case .unicode(.nfc), .unicode(.nfd), .lowercase: return 3
    case .unicode(.nfkc), .unicode(.nfkd): return 11
    case .byteLevel: return 2
    case .replace(.string(let string), let content):
      return min(Self.growthLimit + 1, max(1, content.count / max(1, string.count) + (string.isEmpty ? 1 : 0)))
    case .replace(_, let content): return min(Self.growthLimit + 1, content.count + 1)
    }
  }

  func apply(_ bytes: [UInt8]) -> [UInt8] {
    switch self {
    case .unicode(let form): return UnicodeNormalization.normalize(bytes, form)
    case .lowercase:
      // Character by character, so without Greek's final sigma: HF's rule.
      let text = String(decoding: bytes, as: UTF8.self)
      return text.unicodeScalars.flatMap { Array($0.properties.lowercaseMapping.utf8) }
    case .strip(let left, let right): return Self.strip(bytes, left: left, right: right)
    case .prepend(let prefix): return bytes.isEmpty ? bytes : prefix + bytes
    case .replace(let pattern, let content): return Self.replace(pattern, bytes, with: content)
    case .byteLevel: return ByteLevelAlphabet.encode(bytes)
    }
  }

  private static func strip(_ bytes: [UInt8], left: Bool, right: Bool) -> [UInt8] {
    let lookup = UnicodeClasses.Lookup()
    var start = 0
    var end = bytes.count
    while left, start < end {
      let (classes, length) = lookup(bytes, start)
      guard classes.contains(.whitespace) else { break }
      start += length
    }
    while right, end > start {
      let last = startOfCharacter(before: end, in: bytes, from: start)
      guard lookup(bytes, last).classes.contains(.whitespace) else { break }
      end = last
    }
    return Array(bytes[start..<end])
  }

  static func replace(_ pattern: TextPattern, _ bytes: [UInt8], with content: [UInt8]) -> [UInt8] {
    let matches = pattern.matches(bytes, 0..<bytes.count)
    guard !matches.isEmpty else { return bytes }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count + matches.count * content.count)
    var position = 0
    for match in matches {
      output.append(contentsOf: bytes[position..<match.lowerBound])
      output.append(contentsOf: content)
      position = match.upperBound
    }
    output.append(contentsOf: bytes[position...])
    return output
  }
}

extension TokenizerFile {
  /// The "type" of a component.
  func type(of value: JSONValue, component: String) throws -> String {
    guard let type = value.object?["type"]?.string else { throw invalid("\(component) has no type") }
    return type
  }
}
