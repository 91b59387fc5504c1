import JSON

/// A step that splits the text into pieces, between which no merge reaches.
enum PreTokenizer: Sendable {
  case split(TextPattern, SplitBehavior, inverted: Bool)
  case digits(individually: Bool)
  case punctuation(SplitBehavior)
  /// `\w+|[^\w\s]+`, with the white space between removed.
  case whitespace
  case whitespaceSplit
  case metaspace(replacement: [UInt8], prepend: PrependScheme, splits: Bool)
  /// GPT-2's pattern, where it is used; the bytes are written in `ByteLevelAlphabet` afterwards.
  case byteLevel(addsPrefixSpace: Bool, splits: Bool)

  /// To which pieces Metaspace prepends its replacement.
  enum PrependScheme: String, Sendable {
    case always, never, first
  }

  static let types = [
    "Sequence", "ByteLevel", "Split", "Metaspace", "Digits", "Punctuation", "Whitespace", "WhitespaceSplit",
    "CharDelimiterSplit",
  ]

  // MARK: Reading

  /// The steps of a tokenizer.json's "pre_tokenizer", with sequences flattened.
  static func steps(_ value: JSONValue?, file: TokenizerFile) throws -> [PreTokenizer] {
    guard let value else { return [] }
    let type = try file.type(of: value, component: "a pre-tokenizer")
    let fields = value.object ?? JSONObject()
    switch type {
    case "Sequence":
      guard let list = fields["pretokenizers"]?.array else {
        throw file.invalid("a pre-tokenizer sequence has no list")
      }
      return try list.flatMap { try steps($0, file: file) }
    case "ByteLevel":
      return [
        .byteLevel(
          addsPrefixSpace: fields["add_prefix_space"]?.bool ?? true, splits: fields["use_regex"]?.bool ?? true)
      ]
    case "Split":
      let pattern = try TextPattern(fields["pattern"], component: "the Split pre-tokenizer", file: file)
      return [.split(pattern, try behavior(fields, file), inverted: fields["invert"]?.bool ?? false)]
    case "Metaspace": return [try metaspaceStep(fields, file)]
    case "Digits": return [.digits(individually: fields["individual_digits"]?.bool ?? false)]
    case "Punctuation":
      return [.punctuation(fields.contains("behavior") ? try behavior(fields, file) : .isolated)]
    case "Whitespace": return [.whitespace]
    case "WhitespaceSplit": return [.whitespaceSplit]
    case "CharDelimiterSplit":
      guard let delimiter = fields["delimiter"]?.string, delimiter.unicodeScalars.count == 1 else {
        throw file.invalid("the CharDelimiterSplit pre-tokenizer has no delimiter")
      }
      return [.split(.string(Array(delimiter.utf8)), .removed, inverted: false)]
    default:
      throw TokenizerError.unsupported(file: file.name, component: "a pre-tokenizer", type: type, supported: types)
    }
  }

  private static func behavior(_ fields: JSONObject, _ file: TokenizerFile) throws -> SplitBehavior {
    let name = fields["behavior"]?.string ?? ""
    guard let behavior = SplitBehavior(rawValue: name) else {
      throw file.invalid("a pre-tokenizer's behavior \(quoted(name)) is unknown")
    }
    return behavior
  }

  private static func metaspaceStep(_ fields: JSONObject, _ file: TokenizerFile) throws -> PreTokenizer {
    let (replacement, scheme) = try metaspaceFields(fields, file)
    return .metaspace(replacement: replacement, prepend: scheme, splits: fields["split"]?.bool ?? true)
  }

  /// What the pre-tokenizer and the decoder of that name share. Files before HF tokenizers 0.15 say add_prefix_space
  /// (true or false) for prepend_scheme.
  static func metaspaceFields(_ fields: JSONObject, _ file: TokenizerFile) throws -> ([UInt8], PrependScheme) {
    let replacement = fields["replacement"]?.string ?? "\u{2581}"
    guard replacement.unicodeScalars.count == 1 else {
      throw file.invalid("Metaspace's replacement \(quoted(replacement)) is not one character")
    }
    let name = fields["prepend_scheme"]?.string ?? (fields["add_prefix_space"]?.bool == false ? "never" : "always")
    guard let scheme = PrependScheme(rawValue: name) else {
      throw file.invalid("Metaspace's prepend_scheme \(quoted(name)) is unknown (known: always, never, first)")
    }
    return (Array(replacement.utf8), scheme)
  }

  var isByteLevel: Bool {
    if case .byteLevel = self { return true }
    return false
  }

  // MARK: Splitting

  /// Replaces the pieces in the workspace by their parts; `bytes` is what they are ranges of.
  func apply(_ bytes: inout [UInt8], _ workspace: inout EncodingWorkspace, keepsRawBytes: Bool) {
    switch self {
    case .metaspace(let replacement, let scheme, let splits):
      Self.replaceSpaces(&bytes, &workspace, replacement, scheme)
      if splits {
        Self.split(bytes, &workspace) { bytes, piece, output in
          let matches = TextPattern.string(replacement).matches(bytes, piece.range)
          SplitBehavior.mergedWithNext.split(piece, at: matches, inverted: false, into: &output)
        }
      }
    case .byteLevel(let addsPrefixSpace, let splits):
      if addsPrefixSpace { Self.prependSpaces(&bytes, &workspace) }
      if splits { Self.split(bytes, &workspace) { WordScanner.gpt2.scan($0, $1, into: &$2) } }
      if !keepsRawBytes {
        Self.rewrite(&bytes, &workspace) { bytes, piece, output in
          for index in piece.range { output.append(contentsOf: ByteLevelAlphabet.encoded[Int(bytes[index])]) }
        }
      }
    case .split(.words(let scanner), .isolated, inverted: false):
      Self.split(bytes, &workspace) { scanner.scan($0, $1, into: &$2) }
    case .split(let pattern, let behavior, let inverted):
      Self.split(bytes, &workspace) { bytes, piece, output in
        behavior.split(piece, at: pattern.matches(bytes, piece.range), inverted: inverted, into: &output)
      }
    case .digits(let individually): Self.splitDigits(bytes, &workspace, individually: individually)
    case .punctuation(let behavior):
      let lookup = UnicodeClasses.Lookup()
      Self.split(bytes, &workspace) { bytes, piece, output in
        let matches = Self.characters(bytes, piece.range, lookup) { $0.contains(.punctuation) }
        behavior.split(piece, at: matches, inverted: false, into: &output)
      }
    case .whitespace: Self.splitWords(bytes, &workspace)
    case .whitespaceSplit:
      let lookup = UnicodeClasses.Lookup()
      Self.split(bytes, &workspace) { bytes, piece, output in
        let matches = Self.characters(bytes, piece.range, lookup) { $0.contains(.whitespace) }
        SplitBehavior.removed.split(piece, at: matches, inverted: false, into: &output)
      }
    }
  }

  private static func split(
    _ bytes: [UInt8], _ workspace: inout EncodingWorkspace, _ body: ([UInt8], Piece, inout [Piece]) -> Void
  ) {
    workspace.nextPieces.removeAll(keepingCapacity: true)
    for piece in workspace.pieces { body(bytes, piece, &workspace.nextPieces) }
    swap(&workspace.pieces, &workspace.nextPieces)
  }

  /// Each character of `range` that is of the kind, as a match of its own.
  private static func characters(
    _ bytes: [UInt8], _ range: Range<Int>, _ lookup: UnicodeClasses.Lookup, where isOfKind: (UnicodeClasses) -> Bool
  ) -> [Range<Int>] {
    var matches: [Range<Int>] = []
    var index = range.lowerBound
    while index < range.upperBound {
      let (classes, length) = lookup(bytes, index)
      if isOfKind(classes) { matches.append(index..<index + length) }
      index += length
    }
    return matches
  }

  private static func splitDigits(_ bytes: [UInt8], _ workspace: inout EncodingWorkspace, individually: Bool) {
    let lookup = UnicodeClasses.Lookup()
    split(bytes, &workspace) { bytes, piece, output in
      var start = piece.start
      var index = piece.start
      var wasNumeric = false
      while index < piece.end {
        let (classes, length) = lookup(bytes, index)
        let isNumeric = classes.contains(.numeric)
        if index > start, isNumeric != wasNumeric || (isNumeric && individually) {
          output.append(piece.part(start..<index))
          start = index
        }
        wasNumeric = isNumeric
        index += length
      }
      if start < piece.end { output.append(piece.part(start..<piece.end)) }
    }
  }

  private static func splitWords(_ bytes: [UInt8], _ workspace: inout EncodingWorkspace) {
    let lookup = UnicodeClasses.Lookup()
    split(bytes, &workspace) { bytes, piece, output in
      var index = piece.start
      while index < piece.end {
        let start = index
        let kind = lookup(bytes, index).classes.intersection([.word, .whitespace])
        while index < piece.end {
          let (classes, length) = lookup(bytes, index)
          guard classes.intersection([.word, .whitespace]) == kind else { break }
          index += length
        }
        if !kind.contains(.whitespace) { output.append(piece.part(start..<index)) }
      }
    }
  }

  // MARK: Rewriting

  /// Writes each piece anew: `body` appends it to the new bytes.
  private static func rewrite(
    _ bytes: inout [UInt8], _ workspace: inout EncodingWorkspace, _ body: ([UInt8], Piece, inout [UInt8]) -> Void
  ) {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count + bytes.count / 4 + 16)
    for index in workspace.pieces.indices {
      let start = output.count
      body(bytes, workspace.pieces[index], &output)
      workspace.pieces[index].start = start
      workspace.pieces[index].end = output.count
    }
    bytes = output
  }

  private static func replaceSpaces(
    _ bytes: inout [UInt8], _ workspace: inout EncodingWorkspace, _ replacement: [UInt8], _ scheme: PrependScheme
  ) {
    rewrite(&bytes, &workspace) { bytes, piece, output in
      let startsWithSpace = bytes[piece.start] == 0x20 || bytes[piece.range].starts(with: replacement)
      if !startsWithSpace, scheme == .always || (scheme == .first && piece.isAtStart) {
        output.append(contentsOf: replacement)
      }
      for index in piece.range {
        if bytes[index] == 0x20 { output.append(contentsOf: replacement) } else { output.append(bytes[index]) }
      }
    }
  }

  private static func prependSpaces(_ bytes: inout [UInt8], _ workspace: inout EncodingWorkspace) {
    rewrite(&bytes, &workspace) { bytes, piece, output in
      if bytes[piece.start] != 0x20 { output.append(0x20) }
      output.append(contentsOf: bytes[piece.range])
    }
  }
}
