import Yams

/// YAML text to `ConfigValue`, with every way to fail put into one sentence.
///
/// Anchors and aliases are refused: a run file has no use for them, and they are how a few lines of YAML expand into
/// gigabytes. Nesting is bounded by libyaml (1,000 levels) while parsing and by `maximumDepth` afterwards.
struct ConfigParser {
  /// Bytes; a run file is one or two thousand.
  static let maximumSize = 256 * 1024
  static let maximumDepth = 16

  /// - Parameters:
  ///   - name: what errors start with: the file's name, or `--set key`.
  ///   - showsPosition: whether syntax errors name line and column.
  static func parse(_ yaml: String, name: String, showsPosition: Bool = true) throws -> ConfigValue {
    guard yaml.utf8.count <= maximumSize else {
      throw RunFileError("\(name): is larger than \(maximumSize / 1024) KB, which no run file is")
    }
    let converter = ConfigParser(name: name, showsPosition: showsPosition)
    // Before parsing: comparing the keys of a section that aliases have multiplied would take for ever.
    if let line = lineOfAlias(in: yaml) { throw converter.refuseAnchor(line: line) }
    do {
      let parser = try Parser(yaml: yaml)
      let root = try parser.singleRoot()
      // Nodes refer to their anchors weakly; the parser holds them.
      return try withExtendedLifetime(parser) { try root.map { try converter.convert($0, depth: 0) } ?? .null }
    } catch let error as YamlError {
      throw RunFileError("\(name): \(sentence(for: error, showsPosition: showsPosition))")
    }
  }

  private let name: String
  private let showsPosition: Bool

  private func refuseAnchor(line: Int?) -> RunFileError {
    RunFileError(
      "\(name): \(showsPosition ? line.map { "line \($0): " } ?? "" : "")YAML anchors and aliases (&name, *name) are not "
        + "supported, write the value out")
  }

  private func convert(_ node: Node, depth: Int) throws -> ConfigValue {
    guard depth < Self.maximumDepth else {
      throw RunFileError("\(name): is nested more than \(Self.maximumDepth) levels deep")
    }
    guard node.anchor == nil else { throw refuseAnchor(line: node.mark?.line) }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      if isPlain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return .null }
      return .scalar(scalar.string, quoted: !isPlain)
    case .sequence(let sequence):
      return .list(try sequence.map { try convert($0, depth: depth + 1) })
    case .mapping(let mapping):
      return .section(
        try mapping.map { key, value in
          guard case .scalar(let scalar) = key else {
            throw RunFileError("\(name): a key must be a plain name, not a list or a section")
          }
          guard scalar.anchor == nil else { throw refuseAnchor(line: scalar.mark?.line) }
          return (key: scalar.string, value: try convert(value, depth: depth + 1))
        })
    case .alias: throw refuseAnchor(line: node.mark?.line)
    }
  }

  /// The line (from 1) of the first thing that looks like an alias, if the text also has what looks like an anchor.
  /// One without the other multiplies nothing: it is text, a lone anchor, or libyaml's own error.
  private static func lineOfAlias(in yaml: String) -> Int? {
    var line = 1
    var aliasLine: Int?
    var hasAnchor = false
    var previous = UInt8(ascii: "\n")
    for byte in yaml.utf8 {
      if " \t\r\n[]{},:?-".utf8.contains(previous) {
        if byte == UInt8(ascii: "*"), aliasLine == nil { aliasLine = line }
        if byte == UInt8(ascii: "&") { hasAnchor = true }
      }
      if byte == UInt8(ascii: "\n") { line += 1 }
      previous = byte
    }
    return hasAnchor ? aliasLine : nil
  }

  private static func sentence(for error: YamlError, showsPosition: Bool) -> String {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      if problem.hasPrefix("Maximum nesting level") { return "is nested more than 1000 levels deep" }
      let position = showsPosition ? "line \(mark.line), column \(mark.column): " : ""
      return "\(position)not valid YAML: \(context.map { $0.text + ": " } ?? "")\(problem)"
    case .reader(let problem, let offset, _, let yaml):
      let line = offset.map { 1 + yaml.prefix($0).filter(\.isNewline).count }
      return "\(line.map { "line \($0): " } ?? "")not valid YAML: \(problem)"
    case .duplicatedKeysInMapping(let duplicates, let context):
      let keys = duplicates.map(ConfigValue.quote).joined(separator: ", ")
      return "line \(context.mark.line): key \(keys) is given twice in one section"
    case .dataCouldNotBeDecoded:
      return "is not UTF-8 text"
    case .no, .memory, .writer, .emitter, .representer:
      return "could not be read as YAML"
    }
  }
}
