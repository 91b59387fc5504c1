/// One `--set key.path=value`.
struct ConfigOverride {
  let path: [String]
  let value: ConfigValue

  /// - Throws: one sentence for a missing `=`, an empty key, or a value that is not YAML.
  init(parsing argument: String) throws {
    guard let equals = argument.firstIndex(of: "=") else {
      throw RunFileError("--set \(argument): expected key.path=value, such as --set training.seed=7")
    }
    let key = argument[..<equals].trimmingSpaces
    path = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard path.count <= 8, !path.contains("") else {
      throw RunFileError("--set \(argument): \(ConfigValue.quote(key)) is not a key path such as training.seed")
    }
    let text = argument[argument.index(after: equals)...]
    // Standard input. To YAML, a dash alone is a list with nothing in it.
    value =
      text.trimmingSpaces == "-"
      ? .scalar("-", quoted: true)
      : try ConfigParser.parse(String(text), name: "--set \(key)", showsPosition: false)
  }

  /// The shortest key path that comes from this override alone: the one set, or the first section above it that
  /// `root` does not have.
  func introducedPath(in root: ConfigValue) -> [String] {
    for length in 1..<max(path.count, 1) where !root.contains(path.prefix(length)) {
      return Array(path.prefix(length))
    }
    return path
  }

  /// Keys that cannot stand beside the one set; setting one on the command line takes the other out of the file.
  private static let exclusive: [[String]: [String]] = [
    ["training", "max_steps"]: ["num_train_epochs"],
    ["training", "num_train_epochs"]: ["max_steps"],
    ["data", "eval"]: ["eval_fraction"],
    ["data", "eval_fraction"]: ["eval", "eval_split"],
  ]

  /// `root` with this value in place. Sections that do not exist yet are made; their names are checked by the decoder.
  func applied(to root: ConfigValue) throws -> ConfigValue {
    var root = root
    var displaced = value == .null ? [] : Self.exclusive[path] ?? []
    if path == ["preference", "gamma", "schedule"], case .scalar(let name, _) = value,
      let schedule = RunFile.GammaScheduleName(rawValue: name)
    {
      displaced = RunFileKeys.gamma.filter { $0 != "schedule" && !schedule.keys.contains($0) }
    }
    for key in displaced where root.contains(path.dropLast() + [key]) {
      root = try Self.replace(path.dropLast() + [key], in: root, with: nil, below: [])
    }
    return try Self.replace(path[...], in: root, with: value, below: [])
  }

  private static func replace(
    _ path: ArraySlice<String>, in node: ConfigValue?, with value: ConfigValue?, below parents: [String]
  ) throws -> ConfigValue {
    guard let key = path.first else { return value ?? .null }
    var entries: [(key: String, value: ConfigValue)] = []
    switch node {
    case .section(let existing)?: entries = existing
    case nil, .null?: break
    case .some(let other):
      let whole = (parents + path).joined(separator: ".")
      throw RunFileError("--set \(whole): \(parents.joined(separator: ".")) is \(other.phrase), not a section of keys")
    }
    let index = entries.firstIndex { $0.key == key }
    if path.count == 1, value == nil {
      if let index { entries.remove(at: index) }
      return .section(entries)
    }
    let replaced = try replace(
      path.dropFirst(), in: index.map { entries[$0].value }, with: value, below: parents + [key])
    if let index { entries[index].value = replaced } else { entries.append((key, replaced)) }
    return .section(entries)
  }
}

extension ConfigValue {
  fileprivate func contains(_ path: ArraySlice<String>) -> Bool {
    guard let key = path.first else { return true }
    return self[key]?.contains(path.dropFirst()) ?? false
  }
}

extension Substring {
  fileprivate var trimmingSpaces: String {
    var rest = self
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }
}
