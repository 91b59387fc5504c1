/// A Python dict: insertion order, keys equal as in Python (1, 1.0 and True are one key, and texts are compared by
/// code points, not by canonical equivalence as Swift's are).
struct TemplateDictionary {
  private(set) var entries: [(key: TemplateObject, value: TemplateObject)] = []
  private var index: [TemplateKey: Int] = [:]
  private(set) var depth = 1

  var count: Int { entries.count }

  init(_ pairs: [(TemplateObject, TemplateObject)]) throws {
    for (key, value) in pairs {
      let hashed = try TemplateKey(key)
      if let at = index[hashed] {
        entries[at].value = value
      } else {
        index[hashed] = entries.count
        entries.append((key, value))
      }
    }
    depth = max(
      try TemplateItems.depth(of: entries.lazy.map(\.value)), try TemplateItems.depth(of: entries.lazy.map(\.key)))
  }

  /// nil where the key is absent.
  /// - Throws: for a key that Python cannot hash.
  func value(for key: TemplateObject) throws -> TemplateObject? {
    index[try TemplateKey(key)].map { entries[$0].value }
  }
}

/// A hashable Python value.
enum TemplateKey: Hashable {
  case none
  /// Python hashes jinja2's undefined values like any object; no key of a conversation is one.
  case undefined
  case integer(Int)
  case float(Double)
  case text(TemplateText)
  case tuple([TemplateKey])

  init(_ value: TemplateObject) throws {
    switch value {
    case .none: self = .none
    case .bool, .int: self = .integer(value.integer ?? 0)
    case .float(let double): self = Int(exactly: double).map(TemplateKey.integer) ?? .float(double)
    case .string(let string): self = .text(TemplateText(string))
    case .tuple(let items) where items.depth <= 4 && items.values.count <= 64:
      self = .tuple(try items.values.map(TemplateKey.init))
    case .undefined: self = .undefined
    default: throw TemplateFault("unhashable type: '\(value.typeName)'")
    }
  }
}

/// A text that equals another only code point by code point.
struct TemplateText: Hashable {
  let string: String

  init(_ string: String) { self.string = string }

  static func == (left: TemplateText, right: TemplateText) -> Bool { left.string.utf8.elementsEqual(right.string.utf8) }

  func hash(into hasher: inout Hasher) {
    for byte in string.utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }
}
