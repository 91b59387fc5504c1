import JSON

/// Makes nodes out of the stored schema: recognises lists and maps in their present and former shapes
/// (parquet-format, LogicalTypes.md, "Nested Types" and its backward-compatibility rules).
struct ColumnTreeBuilder {
  private(set) var leaves: [LeafColumn] = []

  struct Levels {
    var repetition = 0
    var definition = 0
  }

  mutating func structure(
    of children: [StoredNode], path: [String], levels: Levels, parentDefinition: Int? = nil
  ) throws(ParquetFault) -> ColumnNode {
    var names: Set<[UInt8]> = []
    let start = leaves.count
    var members: [ColumnNode.Member] = []
    for child in children {
      let name = child.element.name
      guard names.insert(Array(name.utf8)).inserted else {
        throw .unsupported(
          feature: "a second column \(JSONValue.quoted(ParquetFault.shown(name)))", cure: "give each a name of its own")
      }
      members.append(.init(name: name, node: try node(child, path: path, levels: levels)))
    }
    return ColumnNode(
      kind: .structure(members: members), parentDefinition: parentDefinition ?? levels.definition,
      definition: levels.definition, leaves: start..<leaves.count)
  }

  private mutating func node(_ stored: StoredNode, path: [String], levels: Levels) throws(ParquetFault) -> ColumnNode {
    guard stored.element.repetition == .repeated else { return try single(stored, path: path, levels: levels) }
    // Repeated without being a list by name: a list that is never null, of elements that are never null.
    return try list(levels, parentDefinition: levels.definition) { builder, inner throws(ParquetFault) in
      try builder.element(stored, path: path, levels: inner)
    }
  }

  /// A node that is not repeated: optional or required.
  private mutating func single(
    _ stored: StoredNode, path: [String], levels: Levels
  ) throws(ParquetFault) -> ColumnNode {
    let parent = levels.definition
    var levels = levels
    if stored.element.repetition == .optional { levels.definition += 1 }
    return try content(stored, path: path + [stored.element.name], levels: levels, parentDefinition: parent)
  }

  /// What a node holds, whatever its own repetition.
  private mutating func content(
    _ stored: StoredNode, path: [String], levels: Levels, parentDefinition: Int
  ) throws(ParquetFault) -> ColumnNode {
    if stored.element.type != nil {
      return try leaf(stored, path: path, levels: levels, parentDefinition: parentDefinition)
    }
    guard !stored.children.isEmpty else { throw Self.fault("it has nothing in it", path) }
    if stored.children.count == 1, stored.children[0].element.repetition == .repeated {
      let repeated = stored.children[0]
      let inside = path + [repeated.element.name]
      switch stored.element.annotation {
      case .list:
        return try list(levels, parentDefinition: parentDefinition) { builder, inner throws(ParquetFault) in
          guard Self.isWrapper(repeated, of: stored) else {
            return try builder.element(repeated, path: path, levels: inner)
          }
          return try builder.node(repeated.children[0], path: inside, levels: inner)
        }
      case .map, .mapEntries:
        if repeated.children.count == 2 {
          return try map(repeated, path: inside, levels: levels, parentDefinition: parentDefinition)
        }
      default: break
      }
    }
    return try structure(of: stored.children, path: path, levels: levels, parentDefinition: parentDefinition)
  }

  /// Whether the repeated node only stands around each element, as in lists of three levels, or is the element.
  private static func isWrapper(_ repeated: StoredNode, of list: StoredNode) -> Bool {
    guard repeated.element.type == nil, repeated.children.count == 1 else { return false }
    if repeated.children[0].element.repetition == .repeated { return false }
    return repeated.element.name != "array" && repeated.element.name != list.element.name + "_tuple"
  }

  /// A repeated node that is itself the element.
  private mutating func element(
    _ stored: StoredNode, path: [String], levels: Levels
  ) throws(ParquetFault) -> ColumnNode {
    try content(
      stored, path: path + [stored.element.name], levels: levels, parentDefinition: levels.definition)
  }

  private mutating func list(
    _ levels: Levels, parentDefinition: Int,
    _ element: (inout ColumnTreeBuilder, Levels) throws(ParquetFault) -> ColumnNode
  ) throws(ParquetFault) -> ColumnNode {
    let start = leaves.count
    let inner = Levels(repetition: levels.repetition + 1, definition: levels.definition + 1)
    let element = try element(&self, inner)
    return ColumnNode(
      kind: .list(element: element, repetition: inner.repetition, definition: inner.definition),
      parentDefinition: parentDefinition, definition: levels.definition, leaves: start..<leaves.count)
  }

  private mutating func map(
    _ entries: StoredNode, path: [String], levels: Levels, parentDefinition: Int
  ) throws(ParquetFault) -> ColumnNode {
    let start = leaves.count
    let inner = Levels(repetition: levels.repetition + 1, definition: levels.definition + 1)
    let key = try node(entries.children[0], path: path, levels: inner)
    let value = try node(entries.children[1], path: path, levels: inner)
    return ColumnNode(
      kind: .map(key: key, value: value, repetition: inner.repetition, definition: inner.definition),
      parentDefinition: parentDefinition, definition: levels.definition, leaves: start..<leaves.count)
  }

  private mutating func leaf(
    _ stored: StoredNode, path: [String], levels: Levels, parentDefinition: Int
  ) throws(ParquetFault) -> ColumnNode {
    let element = stored.element
    guard let physicalType = element.type else { throw Self.fault("it has no type", path) }
    let width = physicalType == .int96 ? 12 : element.typeLength
    if physicalType == .fixedLengthByteArray, width < 1 {
      throw Self.fault("its values have \(width) bytes", path)
    }
    leaves.append(
      LeafColumn(
        path: Self.name(path), storedIndex: stored.leafIndex, physicalType: physicalType, width: width,
        type: LeafType(physicalType, width: width, element.annotation), maximumRepetition: levels.repetition,
        maximumDefinition: levels.definition))
    return ColumnNode(
      kind: .leaf(index: leaves.count - 1), parentDefinition: parentDefinition, definition: levels.definition,
      leaves: leaves.count - 1..<leaves.count)
  }

  private static func fault(_ problem: String, _ path: [String]) -> ParquetFault {
    .damaged(problem).found(in: "column \(name(path))")
  }

  private static func name(_ path: [String]) -> String { ParquetFault.shown(path.joined(separator: ".")) }
}
