import JSON

/// The ids a tokenizer puts around a text when special tokens are asked for: those before it and those behind it.
struct PostProcessor: Sendable, Equatable {
  var before: [Int32] = []
  var after: [Int32] = []

  static let types = ["Sequence", "ByteLevel", "TemplateProcessing"]
  private static let tokenLimit = 1024

  init(before: [Int32] = [], after: [Int32] = []) {
    self.before = before
    self.after = after
  }

  /// Reads a tokenizer.json's "post_processor".
  init(_ value: JSONValue?, file: TokenizerFile) throws {
    guard let value else { return }
    let type = try file.type(of: value, component: "a post-processor")
    let fields = value.object ?? JSONObject()
    switch type {
    case "ByteLevel": break  // It changes offsets only.
    case "TemplateProcessing": try readTemplate(fields, file)
    case "Sequence":
      guard let list = fields["processors"]?.array else { throw file.invalid("a post-processor sequence has no list") }
      for item in list {
        let inner = try PostProcessor(item, file: file)
        before = inner.before + before
        after += inner.after
      }
    default:
      throw TokenizerError.unsupported(
        file: file.name, component: "a post-processor", type: type, supported: Self.types)
    }
    guard before.count + after.count <= Self.tokenLimit else {
      throw file.invalid("its post-processor adds more than \(Self.tokenLimit) tokens")
    }
  }

  /// A template for a single text: `{"SpecialToken": {"id": …}}` and `{"Sequence": {"id": "A"}}`, or the short forms
  /// "[CLS]", "$A", each perhaps with ":type".
  private mutating func readTemplate(_ fields: JSONObject, _ file: TokenizerFile) throws {
    guard let pieces = fields["single"]?.array else { throw file.invalid("the post-processor's template has no list") }
    let specials = fields["special_tokens"]?.object
    var hasText = false
    for piece in pieces {
      let sequence: String?
      let special: String?
      if let short = piece.string?.split(separator: ":").first.map(String.init) {
        sequence = short.hasPrefix("$") ? (short.uppercased() == "$B" ? "B" : "A") : nil
        special = short.hasPrefix("$") ? nil : short
      } else {
        sequence = piece.object?["Sequence"]?.object?["id"]?.string
        special = piece.object?["SpecialToken"]?.object?["id"]?.string
      }
      if let special {
        guard let ids = specials?[special]?.object?["ids"]?.array else {
          throw file.invalid("the post-processor's template names \(quoted(special)), which has no ids")
        }
        for id in ids {
          guard let id = id.integer, id >= 0, id <= Int(Int32.max) else {
            throw file.invalid("the post-processor's \(quoted(special)) has an invalid id")
          }
          if hasText { after.append(Int32(id)) } else { before.append(Int32(id)) }
        }
      } else {
        guard sequence == "A", !hasText else {
          throw file.invalid("the post-processor's template for one text does not hold it exactly once")
        }
        hasText = true
      }
    }
    guard hasText else {
      throw file.invalid("the post-processor's template for one text does not hold it exactly once")
    }
  }
}
