struct TemplateToken: Equatable {
  enum Kind: Equatable {
    case data(String)
    case variableBegin, variableEnd
    case blockBegin, blockEnd
    case name(String)
    case string(String)
    case integer(Int)
    case float(Double)
    case symbol(String)
    case end
  }

  let kind: Kind
  let position: TemplatePosition

  /// As error messages name it.
  var phrase: String {
    switch kind {
    case .data: "text"
    case .variableBegin: "\"{{\""
    case .variableEnd: "\"}}\""
    case .blockBegin: "\"{%\""
    case .blockEnd: "\"%}\""
    case .name(let name): "\"\(name)\""
    case .string: "a string"
    case .integer(let value): "\(value)"
    case .float(let value): "\(value)"
    case .symbol(let symbol): "\"\(symbol)\""
    case .end: "the end of the template"
    }
  }
}

/// Source to tokens, with jinja2's white-space rules as transformers sets them: `trim_blocks` (a newline right after a
/// block or comment is dropped), `lstrip_blocks` (blanks before a block that starts a line are dropped), `-` strips all
/// white space on its side, `+` switches the two off; one newline at the template's very end is dropped.
struct TemplateLexer {
  private let name: String
  let source: [Unicode.Scalar]
  var at = 0
  private var tokens: [TemplateToken] = []
  /// Offsets at which lines start.
  private let lineStarts: [Int]
  /// Whether `at` follows a newline, as jinja2 tracks it: by the last character of what was matched last.
  private var isLineStart = true

  init(source text: String, name: String) throws {
    self.name = name
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(text.utf8.count)
    // CR LF and CR count as one newline.
    var previousIsReturn = false
    for scalar in text.unicodeScalars {
      if scalar == "\n", previousIsReturn {
        previousIsReturn = false
        continue
      }
      previousIsReturn = scalar == "\r"
      scalars.append(previousIsReturn ? "\n" : scalar)
    }
    if scalars.last == "\n" { scalars.removeLast() }
    source = scalars
    var starts = [0]
    for (offset, scalar) in scalars.enumerated() where scalar == "\n" { starts.append(offset + 1) }
    lineStarts = starts
    guard scalars.count <= TemplateLimits.source else {
      throw error("the template is longer than \(TemplateLimits.source) characters", at: 0)
    }
  }

  static func tokens(of source: String, name: String) throws -> [TemplateToken] {
    var lexer = try TemplateLexer(source: source, name: name)
    try lexer.run()
    return lexer.tokens
  }

  private mutating func run() throws {
    while at < source.count {
      guard let tag = nextTag(from: at) else {
        emitData(source[at...], at: at)
        at = source.count
        break
      }
      let sign = scalar(tag + 2)
      let isSigned = sign == "-" || sign == "+"
      let content = tag + (isSigned ? 3 : 2)
      let opener = source[tag + 1]
      emitData(strip(at..<tag, sign: isSigned ? sign : nil, isVariable: opener == "{"), at: at)
      switch opener {
      case "#":
        try skipComment(from: content, start: tag)
      case "{":
        append(.variableBegin, at: tag)
        try lexInside(from: content, isVariable: true, start: tag)
      default:
        if let body = rawBegin(content) {
          try lexRaw(from: body, start: tag)
        } else {
          append(.blockBegin, at: tag)
          try lexInside(from: content, isVariable: false, start: tag)
        }
      }
    }
    append(.end, at: source.count)
  }

  // MARK: Text between tags

  private func nextTag(from start: Int) -> Int? {
    var i = start
    while i + 1 < source.count {
      if source[i] == "{", ["{", "%", "#"].contains(source[i + 1]) { return i }
      i += 1
    }
    return nil
  }

  /// The text before a tag, less what the tag's sign or `lstrip_blocks` takes from it.
  private func strip(_ range: Range<Int>, sign: Unicode.Scalar?, isVariable: Bool) -> ArraySlice<Unicode.Scalar> {
    var end = range.upperBound
    if sign == "-" {
      while end > range.lowerBound, PythonText.isSpace(source[end - 1]) { end -= 1 }
    } else if sign != "+", !isVariable {
      var lineStart = end
      while lineStart > range.lowerBound, source[lineStart - 1] != "\n" { lineStart -= 1 }
      if lineStart > range.lowerBound || isLineStart, source[lineStart..<end].allSatisfy(PythonText.isSpace) {
        end = lineStart
      }
    }
    return source[range.lowerBound..<end]
  }

  private mutating func emitData(_ scalars: ArraySlice<Unicode.Scalar>, at offset: Int) {
    guard !scalars.isEmpty else { return }
    append(.data(Self.string(scalars)), at: offset)
  }

  private mutating func skipComment(from content: Int, start: Int) throws {
    var i = content
    while i + 1 < source.count {
      if source[i] == "#", source[i + 1] == "}" {
        // A sign right before the end belongs to it, unless it is the opening's.
        let sign = i > content ? source[i - 1] : nil
        close(after: i + 2, sign: sign, trimsNewline: true)
        return
      }
      i += 1
    }
    throw error("this comment is never closed with #}", at: start)
  }

  /// Moves behind a tag's end and the white space it takes along.
  private mutating func close(after end: Int, sign: Unicode.Scalar?, trimsNewline: Bool) {
    var end = end
    if sign == "-" {
      while end < source.count, PythonText.isSpace(source[end]) { end += 1 }
    } else if sign != "+", trimsNewline, scalar(end) == "\n" {
      end += 1
    }
    isLineStart = end > 0 && source[end - 1] == "\n"
    at = end
  }

  // MARK: raw

  /// The offset behind `raw %}`, if that is what stands at `content`.
  private func rawBegin(_ content: Int) -> Int? {
    guard var i = skip("raw", from: content) else { return nil }
    if scalar(i) == "-", scalar(i + 1) == "%", scalar(i + 2) == "}" {
      i += 3
      while i < source.count, PythonText.isSpace(source[i]) { i += 1 }
      return i
    }
    return scalar(i) == "%" && scalar(i + 1) == "}" ? i + 2 : nil
  }

  private func skip(_ word: String, from start: Int) -> Int? {
    var i = skipSpace(start)
    for expected in word.unicodeScalars {
      guard scalar(i) == expected else { return nil }
      i += 1
    }
    return skipSpace(i)
  }

  private mutating func lexRaw(from body: Int, start: Int) throws {
    isLineStart = source[body - 1] == "\n"
    var i = body
    while i + 1 < source.count {
      if source[i] == "{", source[i + 1] == "%" {
        let sign = scalar(i + 2)
        let isSigned = sign == "-" || sign == "+"
        if var end = skip("endraw", from: i + (isSigned ? 3 : 2)) {
          let endSign = scalar(end)
          let hasEndSign = endSign == "-" || endSign == "+"
          if hasEndSign { end += 1 }
          if scalar(end) == "%", scalar(end + 1) == "}" {
            emitData(strip(body..<i, sign: isSigned ? sign : nil, isVariable: false), at: body)
            close(after: end + 2, sign: hasEndSign ? endSign : nil, trimsNewline: true)
            return
          }
        }
      }
      i += 1
    }
    throw error("this raw block is never closed with {% endraw %}", at: start)
  }

  // MARK: Inside {{ }} and {% %}

  private mutating func lexInside(from content: Int, isVariable: Bool, start: Int) throws {
    at = content
    var open: [(symbol: Unicode.Scalar, at: Int)] = []
    while true {
      at = skipSpace(at)
      guard at < source.count else {
        throw error("this tag is never closed with \(isVariable ? "}}" : "%}")", at: start)
      }
      let tokenStart = at
      if open.isEmpty, let (end, sign) = closing(isVariable: isVariable) {
        append(isVariable ? .variableEnd : .blockEnd, at: tokenStart)
        close(after: end, sign: sign, trimsNewline: !isVariable)
        return
      }
      let first = source[at]
      if first == "'" || first == "\"" {
        append(.string(try lexString(quote: first)), at: tokenStart)
      } else if Self.isDigit(first) {
        append(try lexNumber(), at: tokenStart)
      } else if Self.isWord(first) {
        while at < source.count, Self.isWord(source[at]) { at += 1 }
        guard at - tokenStart <= TemplateLimits.name else {
          throw error("a name is longer than \(TemplateLimits.name) characters", at: tokenStart)
        }
        append(.name(Self.string(source[tokenStart..<at])), at: tokenStart)
      } else {
        let symbol = try lexSymbol()
        switch first {
        case "(", "[", "{": open.append((first, tokenStart))
        case ")", "]", "}":
          let opening: Unicode.Scalar = first == ")" ? "(" : first == "]" ? "[" : "{"
          guard let last = open.popLast(), last.symbol == opening else {
            throw error("unexpected \"\(first)\"", at: tokenStart)
          }
        default: break
        }
        append(.symbol(symbol), at: tokenStart)
      }
    }
  }

  private func closing(isVariable: Bool) -> (end: Int, sign: Unicode.Scalar?)? {
    let first: Unicode.Scalar = isVariable ? "}" : "%"
    if scalar(at) == first, scalar(at + 1) == "}" { return (at + 2, nil) }
    guard let sign = scalar(at), sign == "-" || (sign == "+" && !isVariable) else { return nil }
    return scalar(at + 1) == first && scalar(at + 2) == "}" ? (at + 3, sign) : nil
  }

  // MARK: Helpers

  func scalar(_ offset: Int) -> Unicode.Scalar? { offset < source.count ? source[offset] : nil }

  private func skipSpace(_ start: Int) -> Int {
    var i = start
    while i < source.count, PythonText.isSpace(source[i]) { i += 1 }
    return i
  }

  private mutating func append(_ kind: TemplateToken.Kind, at offset: Int) {
    tokens.append(TemplateToken(kind: kind, position: position(of: offset)))
  }

  private func position(of offset: Int) -> TemplatePosition {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return TemplatePosition(line: low + 1, column: offset - lineStarts[low] + 1)
  }

  func error(_ message: String, at offset: Int) -> ChatTemplateError {
    let position = position(of: offset)
    return ChatTemplateError(
      name: name, line: position.line, column: position.column, message: message, isRaisedByTemplate: false)
  }

  static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      return isDigit(scalar) || scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }
    return scalar.properties.isXIDContinue
  }
}
