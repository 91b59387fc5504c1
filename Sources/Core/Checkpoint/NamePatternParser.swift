/// Reads Python's regular expressions, as far as `NamePattern` follows them.
struct NamePatternParser {
  private typealias Node = NamePattern.Node
  private typealias Problem = NamePattern.Problem

  private let scalars: [Unicode.Scalar]
  private var place = 0
  private var groups = 0
  private var loops = 0
  private var looks = 0

  static let longest = 4096
  private static let deepestGroups = 64
  /// Each level multiplies the steps by a name's length.
  private static let deepestLoops = 3
  private static let deepestLooks = 1
  private static let largestCount = 1000

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  mutating func parse() throws(NamePattern.Problem) -> NamePattern.Node {
    guard scalars.count <= Self.longest else {
      throw Problem(reason: "it has more than \(Self.longest) characters")
    }
    let node = try alternatives()
    guard place == scalars.count else { throw Problem(reason: "it closes a group that is not open") }
    guard Self.loopDepth(node) <= Self.deepestLoops else {
      throw Problem(reason: "its repetitions are nested more than \(Self.deepestLoops) deep")
    }
    return node
  }

  private static func loopDepth(_ node: NamePattern.Node) -> Int {
    switch node {
    case .sequence(let nodes), .either(let nodes): nodes.map(loopDepth).max() ?? 0
    // What is there once or not at all is no loop.
    case .repeated(let inner, _, let most): loopDepth(inner) + (most == 1 ? 0 : 1)
    case .ahead(let inner, _), .behind(let inner, _): loopDepth(inner)
    case .one, .start, .end, .wordBoundary: 0
    }
  }

  private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

  private mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars[place...].starts(with: wanted) else { return false }
    place += wanted.count
    return true
  }

  private mutating func alternatives() throws(NamePattern.Problem) -> NamePattern.Node {
    var nodes = [try sequence()]
    while take("|") { nodes.append(try sequence()) }
    return nodes.count == 1 ? nodes[0] : .either(nodes)
  }

  private mutating func sequence() throws(NamePattern.Problem) -> NamePattern.Node {
    var nodes: [NamePattern.Node] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      let node = try atom()
      nodes.append(try quantified(node))
    }
    return nodes.count == 1 ? nodes[0] : .sequence(nodes)
  }

  // MARK: Repetitions

  private mutating func quantified(_ node: NamePattern.Node) throws(NamePattern.Problem) -> NamePattern.Node {
    guard let (least, most) = try quantifier() else { return node }
    // Which of several matches comes first makes no difference here; giving nothing back would.
    if take("+") { throw Problem(reason: "it has a possessive repetition") }
    _ = take("?")
    if try quantifier() != nil { throw Problem(reason: "it repeats a repetition") }
    return .repeated(node, least: least, most: most)
  }

  private mutating func quantifier() throws(NamePattern.Problem) -> (least: Int, most: Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    return try counts()
  }

  /// `{m}`, `{m,}`, `{,n}` or `{m,n}`; any other brace is a character of its own, as in Python.
  private mutating func counts() throws(NamePattern.Problem) -> (least: Int, most: Int?)? {
    let before = place
    guard take("{") else { return nil }
    let least = digits()
    let hasComma = take(",")
    let most = hasComma ? digits() : least
    guard take("}"), least != nil || hasComma else {
      place = before
      return nil
    }
    let low = least ?? 0
    guard low <= Self.largestCount, (most ?? 0) <= Self.largestCount else {
      throw Problem(reason: "it repeats something more than \(Self.largestCount) times")
    }
    if let most, most < low { throw Problem(reason: "it repeats something at least \(low) and at most \(most) times") }
    return (low, most)
  }

  private mutating func digits() -> Int? {
    var value: Int?
    while let scalar = next, ("0"..."9").contains(scalar) {
      value = min((value ?? 0) * 10 + Int(scalar.value - 48), Self.largestCount + 1)
      place += 1
    }
    return value
  }

  // MARK: Atoms

  private mutating func atom() throws(NamePattern.Problem) -> NamePattern.Node {
    let scalar = scalars[place]
    switch scalar {
    case "*", "+", "?": throw Problem(reason: "it repeats nothing")
    case "(": return try group()
    case "[":
      place += 1
      return .one(try characterClass())
    case "\\": return try escape()
    default: break
    }
    place += 1
    switch scalar {
    case ".": return .one(.any)
    case "^": return .start
    case "$": return .end
    default: return .one(.scalar(scalar))
    }
  }

  private mutating func group() throws(NamePattern.Problem) -> NamePattern.Node {
    groups += 1
    defer { groups -= 1 }
    guard groups <= Self.deepestGroups else {
      throw Problem(reason: "its groups are nested more than \(Self.deepestGroups) deep")
    }
    place += 1
    for (sign, behind, wanted) in [
      ("?=", false, true), ("?!", false, false), ("?<=", true, true), ("?<!", true, false),
    ]
    where take(sign) {
      looks += 1
      defer { looks -= 1 }
      guard looks <= Self.deepestLooks else { throw Problem(reason: "it looks ahead or behind within looking") }
      let inner = try closed()
      return behind ? .behind(inner, wanted) : .ahead(inner, wanted)
    }
    if take("?P<") {
      while let scalar = next, scalar != ">" { place += 1 }
      guard take(">") else { throw Problem(reason: "a group's name does not end") }
    } else if next == "?", !take("?:") {
      throw Problem(reason: "it has a flag, a condition, a reference or an atomic group")
    }
    return try closed()
  }

  private mutating func closed() throws(NamePattern.Problem) -> NamePattern.Node {
    let node = try alternatives()
    guard take(")") else { throw Problem(reason: "a group does not end") }
    return node
  }

  private mutating func escape() throws(NamePattern.Problem) -> NamePattern.Node {
    if take("\\b") { return .wordBoundary(true) }
    if take("\\B") { return .wordBoundary(false) }
    if take("\\A") { return .start }
    if take("\\Z") { return .end }
    return .one(try escapedSet())
  }

  /// A class such as `\d`, or a character that stands for itself.
  private mutating func escapedSet() throws(NamePattern.Problem) -> NamePattern.CharacterSet {
    place += 1
    guard let scalar = next else { throw Problem(reason: "it ends with a backslash") }
    place += 1
    switch scalar {
    case "d": return .digits
    case "D": return .anyOf([.digits], negated: true)
    case "w": return .words
    case "W": return .anyOf([.words], negated: true)
    case "s": return .spaces
    case "S": return .anyOf([.spaces], negated: true)
    case "n": return .scalar("\n")
    case "t": return .scalar("\t")
    default: break
    }
    if ("0"..."9").contains(scalar) { throw Problem(reason: "it refers back to a group") }
    if scalar.isASCII, scalar.properties.isAlphabetic {
      throw Problem(reason: "its escape \\\(scalar) is not known")
    }
    return .scalar(scalar)
  }

  /// What follows `[`.
  private mutating func characterClass() throws(NamePattern.Problem) -> NamePattern.CharacterSet {
    let negated = take("^")
    var sets: [NamePattern.CharacterSet] = []
    while true {
      guard let scalar = next else { throw Problem(reason: "a class of characters does not end") }
      if scalar == "]", !sets.isEmpty {
        place += 1
        return .anyOf(sets, negated: negated)
      }
      let first = try member()
      guard case .scalar(let low) = first, next == "-", place + 1 < scalars.count, scalars[place + 1] != "]" else {
        sets.append(first)
        continue
      }
      place += 1
      guard case .scalar(let high) = try member(), low <= high else {
        throw Problem(reason: "a class of characters has a range that ends before it begins")
      }
      sets.append(.range(low, high))
    }
  }

  private mutating func member() throws(NamePattern.Problem) -> NamePattern.CharacterSet {
    if next == "\\" { return try escapedSet() }
    guard let scalar = next else { throw Problem(reason: "a class of characters does not end") }
    place += 1
    return .scalar(scalar)
  }
}
