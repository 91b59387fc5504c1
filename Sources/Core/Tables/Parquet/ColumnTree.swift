/// The columns that are read, as a tree: leaves hold values, the other nodes say how rows are put together from them.
///
/// Only leaves are stored, each as a run of entries: a value or a null, with two levels that say where in the row it
/// belongs (Melnik et al. 2010, "Dremel"). The definition level counts how many of the optional and repeated nodes on
/// the way down are there; the repetition level which repeated node goes on, 0 for a new row.
struct ColumnTree {
  var root: ColumnNode
  /// The leaves below `root`, left to right.
  var leaves: [LeafColumn]
  /// Names of all columns of the top level, also of those that are not read.
  var names: [String]
  /// Leaves of the whole file.
  var storedLeafCount: Int

  /// - Parameter columns: names at the top level; nil for all.
  init(_ elements: [SchemaElement], columns: Set<String>?) throws(ParquetFault) {
    var rest = elements[...]
    guard let top = rest.popFirst() else { throw .damaged("it has no columns") }
    var count = 0
    var stored: [StoredNode] = []
    for _ in 0..<max(0, top.childCount) { stored.append(try StoredNode(&rest, leafCount: &count, depth: 1)) }
    names = stored.map(\.element.name)
    storedLeafCount = count
    var builder = ColumnTreeBuilder()
    let read = stored.filter { columns?.contains($0.element.name) ?? true }
    root = try builder.structure(of: read, path: [], levels: .init())
    leaves = builder.leaves
  }
}

/// A node of the tree. `definition` is the definition level from which on it is there (not null).
struct ColumnNode {
  indirect enum Kind {
    /// - Parameter index: in `ColumnTree.leaves`.
    case leaf(index: Int)
    case structure(members: [Member])
    /// A repeated node: each element is one `element`.
    case list(element: ColumnNode, repetition: Int, definition: Int)
    /// A list of keys and values; an object where the keys are texts.
    case map(key: ColumnNode, value: ColumnNode, repetition: Int, definition: Int)
  }

  struct Member {
    var name: String
    var node: ColumnNode
  }

  var kind: Kind
  /// The definition level of the node above: an entry below it does not belong to this node.
  var parentDefinition: Int
  var definition: Int
  /// The leaves below.
  var leaves: Range<Int>

  var isOptional: Bool { definition > parentDefinition }
}

struct LeafColumn {
  /// "messages.list.element.content"
  var path: String
  /// Which of the file's leaves this is.
  var storedIndex: Int
  var physicalType: PhysicalType
  /// Bytes of a value of type `fixedLengthByteArray`.
  var width: Int
  var type: LeafType
  var maximumRepetition: Int
  var maximumDefinition: Int
}

/// The schema as it is stored, a tree again.
struct StoredNode {
  var element: SchemaElement
  var children: [StoredNode] = []
  /// Which of the file's leaves this is, for a leaf.
  var leafIndex = 0

  /// Deepest nesting, which bounds the stack that a hostile schema can use.
  private static let maximumDepth = 100

  init(_ rest: inout ArraySlice<SchemaElement>, leafCount: inout Int, depth: Int) throws(ParquetFault) {
    guard let element = rest.popFirst() else { throw .damaged("its schema ends too early") }
    guard depth <= Self.maximumDepth else { throw .damaged("its columns are nested too deep") }
    self.element = element
    guard element.type == nil else {
      leafIndex = leafCount
      leafCount += 1
      return
    }
    // Every child takes an element of the list, so that a false count ends in the error above.
    for _ in 0..<max(0, element.childCount) {
      children.append(try StoredNode(&rest, leafCount: &leafCount, depth: depth + 1))
    }
  }
}
