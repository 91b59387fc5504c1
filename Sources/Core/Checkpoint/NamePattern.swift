/// A regular expression over module names, such as `.*layers\.[0-7]\..*(q|v)_proj`, in Python's syntax: what PEFT's
/// `target_modules`, `exclude_modules`, `rank_pattern` and `alpha_pattern` hold.
///
/// Whether a name matches does not depend on which of several matches is found first, so positions are followed as sets:
/// no expression takes more than a polynomial number of steps, whoever wrote it.
public struct NamePattern: Sendable, Equatable {
  /// As it was written.
  public let text: String
  private let root: Node
  /// The bytes of an expression of letters, digits, underscores and dots alone, as most are: a dot stands for any one.
  private let plain: [UInt8]?

  /// Why an expression cannot be used; a clause ("it refers back to a group").
  public struct Problem: Error, Equatable {
    public let reason: String
  }

  /// Names are followed as bits of one number.
  static let longestName = 126

  indirect enum Node: Sendable, Equatable {
    case one(CharacterSet)
    case sequence([Node])
    case either([Node])
    /// `most` is nil for any number of times.
    case repeated(Node, least: Int, most: Int?)
    case start
    case end
    /// A word begins or ends here; or neither.
    case wordBoundary(Bool)
    /// What follows, or what comes before, matches; or does not.
    case ahead(Node, Bool)
    case behind(Node, Bool)
  }

  /// Characters of which one is meant.
  enum CharacterSet: Sendable, Equatable {
    /// A single one.
    case scalar(Unicode.Scalar)
    /// Any but a line's end.
    case any
    case anyOf([CharacterSet], negated: Bool)
    case range(Unicode.Scalar, Unicode.Scalar)
    case digits, words, spaces

    func contains(_ scalar: Unicode.Scalar) -> Bool {
      switch self {
      case .scalar(let one): one == scalar
      case .any: scalar != "\n"
      case .anyOf(let sets, let negated): sets.contains { $0.contains(scalar) } != negated
      case .range(let first, let last): first <= scalar && scalar <= last
      case .digits: scalar.properties.numericType == .decimal
      case .words: scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
      case .spaces: scalar.properties.isWhitespace
      }
    }
  }

  /// - Throws: `Problem` for what is no expression, and for what is not followed: references back to groups, flags,
  ///   conditions, atomic groups, and loops within loops within loops within loops.
  public init(_ text: String) throws(Problem) {
    self.text = text
    var parser = NamePatternParser(text)
    root = try parser.parse()
    let isPlain = text.utf8.allSatisfy { byte in
      byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
    plain = isPlain ? Array(text.utf8) : nil
  }

  public static func == (left: NamePattern, right: NamePattern) -> Bool { left.text == right.text }

  /// Whether it matches the whole of a name: Python's `re.fullmatch`.
  public func matches(_ name: String) -> Bool { reachesEnd(of: name) { _ in 1 } }

  /// Whether it matches a name or what follows one of its dots, as PEFT looks for a rank or an alpha:
  /// `re.match(r"(.*\.)?(…)$", name)`.
  public func matchesEnd(of name: String) -> Bool {
    if let plain, let found = Self.ends(name.utf8, with: plain) { return found }
    return reachesEnd(of: name) { scalars in
      scalars.indices.reduce(into: Positions(1)) { starts, index in
        if scalars[index] == "." { starts |= 1 << Positions(index + 1) }
      }
    }
  }

  /// Whether a name is, or has behind one of its dots, these bytes; nil where the name has other characters than bytes.
  private static func ends(_ name: String.UTF8View, with plain: [UInt8]) -> Bool? {
    guard name.allSatisfy({ $0 < 0x80 && $0 != UInt8(ascii: "\n") }) else { return nil }
    var rest = name[...]
    for byte in plain.reversed() {
      guard let last = rest.popLast(), byte == UInt8(ascii: ".") || byte == last else { return false }
    }
    return rest.last.map { $0 == UInt8(ascii: ".") } ?? true
  }

  private func reachesEnd(of name: String, from starts: ([Unicode.Scalar]) -> Positions) -> Bool {
    let scalars = Array(name.unicodeScalars)
    guard scalars.count <= Self.longestName else { return false }
    let ends = NameWalk(name: scalars).ends(of: root, from: starts(scalars))
    return ends >> Positions(scalars.count) & 1 == 1
  }
}

/// Bit p: before the scalar p of a name.
private typealias Positions = UInt128

/// Follows an expression through one name.
private struct NameWalk {
  let name: [Unicode.Scalar]

  /// Where matches end that begin at one of `starts`.
  func ends(of node: NamePattern.Node, from starts: Positions) -> Positions {
    if starts == 0 { return 0 }
    switch node {
    case .one(let set): return places(in: starts) { $0 < name.count && set.contains(name[$0]) } << 1
    case .sequence(let nodes): return nodes.reduce(starts) { ends(of: $1, from: $0) }
    case .either(let nodes): return nodes.reduce(0) { $0 | ends(of: $1, from: starts) }
    case .repeated(let inner, let least, let most): return repeated(inner, least: least, most: most, from: starts)
    case .start: return starts & 1
    case .end: return starts & (1 << Positions(name.count))
    case .wordBoundary(let wanted): return places(in: starts) { (isWord($0 - 1) != isWord($0)) == wanted }
    case .ahead(let inner, let wanted):
      return places(in: starts) { (ends(of: inner, from: 1 << Positions($0)) != 0) == wanted }
    case .behind(let inner, let wanted):
      return places(in: starts) { place in
        (0...place).contains { ends(of: inner, from: 1 << Positions($0)) >> Positions(place) & 1 == 1 } == wanted
      }
    }
  }

  private func repeated(
    _ node: NamePattern.Node, least: Int, most: Int?, from starts: Positions
  ) -> Positions {
    var now = starts
    for _ in 0..<least {
      let next = ends(of: node, from: now)
      // What may match nothing has reached everything; what may not has run out of characters.
      if next == now || next == 0 { return next == 0 ? 0 : closure(node, next, most: most.map { $0 - least }) }
      now = next
    }
    return closure(node, now, most: most.map { $0 - least })
  }

  /// `starts` and all that further rounds reach.
  private func closure(_ node: NamePattern.Node, _ starts: Positions, most: Int?) -> Positions {
    var (all, fresh) = (starts, starts)
    var rounds = 0
    while fresh != 0, rounds < most ?? .max {
      fresh = ends(of: node, from: fresh) & ~all
      all |= fresh
      rounds += 1
    }
    return all
  }

  private func places(in set: Positions, where keeps: (Int) -> Bool) -> Positions {
    var (left, result) = (set, Positions(0))
    while left != 0 {
      let place = left.trailingZeroBitCount
      left &= left - 1
      if keeps(place) { result |= 1 << Positions(place) }
    }
    return result
  }

  private func isWord(_ index: Int) -> Bool {
    name.indices.contains(index) && NamePattern.CharacterSet.words.contains(name[index])
  }
}
