import JSON

/// Puts the rows of one row group together from the entries of its leaves.
struct RowAssembler {
  private let tree: ColumnTree
  private let cursors: [ColumnCursor]
  private let budget: MemoryBudget

  init(
    _ tree: ColumnTree, _ group: FileMetadata.RowGroup, _ file: FileBytes, _ budget: MemoryBudget
  ) throws(ParquetFault) {
    guard group.columns.count == tree.storedLeafCount else {
      throw .damaged("a row group has another number of columns than the schema")
    }
    self.tree = tree
    self.budget = budget
    cursors = try tree.leaves.map { leaf throws(ParquetFault) in
      try ColumnCursor(leaf, group.columns[leaf.storedIndex], file, budget)
    }
  }

  func nextRow() throws(ParquetFault) -> JSONObject {
    budget.startRow()
    for cursor in cursors {
      try cursor.load()
      guard !cursor.isAtEnd else { throw cursor.fault("it ends before its row group") }
      guard cursor.repetition == 0 else { throw cursor.fault("it begins within a row") }
    }
    guard case .structure(let members) = tree.root.kind else { return JSONObject() }
    return try structure(members)
  }

  /// Makes sure that no column has more rows than the row group.
  func finish() throws(ParquetFault) {
    for cursor in cursors {
      try cursor.load()
      guard cursor.isAtEnd else { throw cursor.fault("it goes on behind its row group") }
    }
  }

  private func structure(_ members: [ColumnNode.Member]) throws(ParquetFault) -> JSONObject {
    var values: [(key: String, value: JSONValue)] = []
    values.reserveCapacity(members.count)
    for member in members { values.append((member.name, try value(member.node))) }
    return JSONObject(distinct: values)
  }

  private func value(_ node: ColumnNode) throws(ParquetFault) -> JSONValue {
    try budget.addValue()
    if case .leaf(let index) = node.kind { return try cursors[index].take(atLeast: node.parentDefinition) }
    // A schema's groups have members, so there is a first leaf; its levels speak for all of them.
    let first = cursors[node.leaves.lowerBound]
    guard first.definition >= node.parentDefinition else { throw first.fault("it does not fit the columns beside it") }
    if node.isOptional, first.definition < node.definition {
      try skip(node.leaves, below: node.definition)
      return .null
    }
    switch node.kind {
    case .leaf: return .null
    case .structure(let members): return .object(try structure(members))
    case .list(let element, let repetition, let definition):
      var elements: [JSONValue] = []
      try repeated(node.leaves, repetition, definition) { () throws(ParquetFault) in
        elements.append(try value(element))
      }
      return .array(elements)
    case .map(let key, let value, let repetition, let definition):
      return try map(key, value, node.leaves, repetition, definition)
    }
  }

  /// Calls `body` for each element of a repeated node, which must take one.
  private func repeated(
    _ leaves: Range<Int>, _ repetition: Int, _ definition: Int, _ body: () throws(ParquetFault) -> Void
  ) throws(ParquetFault) {
    let first = cursors[leaves.lowerBound]
    guard first.definition >= definition else { return try skip(leaves, below: definition) }
    var goesOn = false
    repeat {
      try body()
      for index in leaves { try cursors[index].load() }
      goesOn = first.repetition >= repetition
      for index in leaves.dropFirst() where (cursors[index].repetition >= repetition) != goesOn {
        throw cursors[index].fault("it does not fit the columns beside it")
      }
    } while goesOn
  }

  private func skip(_ leaves: Range<Int>, below definition: Int) throws(ParquetFault) {
    for index in leaves { try cursors[index].skip(below: definition) }
  }

  /// An object where all keys are texts, as they nearly always are; else a list of objects with key and value.
  private func map(
    _ key: ColumnNode, _ value: ColumnNode, _ leaves: Range<Int>, _ repetition: Int, _ definition: Int
  ) throws(ParquetFault) -> JSONValue {
    var isText = false
    if case .leaf(let index) = key.kind { isText = [.text, .binary].contains(tree.leaves[index].type) }
    var object = JSONObject()
    var entries: [JSONValue] = []
    try repeated(leaves, repetition, definition) { () throws(ParquetFault) in
      let name = try self.value(key)
      let content = try self.value(value)
      if isText {
        guard let name = name.string else { throw ParquetFault.damaged("a map has a key that is no text") }
        object.set(name, content)
      } else {
        entries.append(.object(JSONObject(distinct: [("key", name), ("value", content)])))
      }
    }
    return isText ? .object(object) : .array(entries)
  }
}
