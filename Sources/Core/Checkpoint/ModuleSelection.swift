/// Which modules something is said of, as PEFT's `target_modules` and `exclude_modules` say it.
public enum ModuleSelection: Sendable, Equatable {
  /// Every module that holds linears of the layers.
  case allLinear
  /// Modules with one of these names: the whole name, or what follows one of its dots.
  case names([String])
  /// Modules whose whole name it matches.
  case pattern(NamePattern)

  /// The modules of `candidates` [name] that are meant, by their place.
  func selected(_ candidates: [String]) -> [Bool] {
    switch self {
    case .allLinear: return candidates.map { _ in true }
    case .pattern(let pattern): return candidates.map(pattern.matches)
    case .names(let names):
      let wanted = Set(names)
      return candidates.map { candidate in Self.endings(candidate).contains(where: wanted.contains) }
    }
  }

  /// A name, and what follows each of its dots.
  static func endings(_ name: String) -> [String] {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.indices.map { parts[$0...].joined(separator: ".") }
  }
}

/// PEFT's `layers_to_transform` and `layers_pattern`: the layers that are adapted, where not all are.
public struct LayerSelection: Sendable, Equatable {
  public let layers: [Int]
  /// What the list of layers may be called; empty for any name.
  public let patterns: [String]
  /// The whole name of a module within such a list.
  private let compiled: [NamePattern]
  private let wanted: Set<Int>

  public init(_ layers: [Int]) {
    self.layers = layers
    wanted = Set(layers)
    patterns = []
    compiled = []
  }

  /// - Throws: `NamePattern.Problem`.
  public init(_ layers: [Int], patterns: [String]) throws(NamePattern.Problem) {
    self.layers = layers
    wanted = Set(layers)
    self.patterns = patterns
    var compiled: [NamePattern] = []
    for pattern in patterns { compiled.append(try NamePattern(#"(?:^|.*?\.)"# + pattern + #"\.\d+\..*"#)) }
    self.compiled = compiled
  }

  func contains(layer: Int, name: String) -> Bool {
    wanted.contains(layer) && (compiled.isEmpty || compiled.contains { $0.matches(name) })
  }
}

/// A rank or an alpha of modules that differ from the others (`rank_pattern`, `alpha_pattern`): the first whose pattern
/// matches a module's name, or what follows one of its dots, counts.
public struct PatternValue<Value: Sendable & Equatable>: Sendable, Equatable {
  public let pattern: NamePattern
  public let value: Value

  public init(pattern: NamePattern, value: Value) {
    self.pattern = pattern
    self.value = value
  }
}

extension Array {
  func value<Value>(for name: String) -> Value? where Element == PatternValue<Value> {
    first { $0.pattern.matchesEnd(of: name) }?.value
  }
}
