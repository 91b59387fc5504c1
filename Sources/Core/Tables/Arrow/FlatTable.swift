/// A table of a FlatBuffer, read where it lies (flatbuffers.dev, "Internals"). Nothing in the bytes is trusted: every
/// offset is checked when it is followed. A field that is absent has its schema's default.
struct FlatTable {
  private let bytes: [UInt8]
  private let position: Int

  /// The root of a buffer.
  init(root bytes: [UInt8]) throws(ArrowFault) {
    let start: UInt32 = try Self.integer(bytes, at: 0)
    self.init(bytes, position: Int(start))
  }

  private init(_ bytes: [UInt8], position: Int) {
    self.bytes = bytes
    self.position = position
  }

  /// A whole number.
  func integer<Integer: FixedWidthInteger>(_ field: Int, default value: Integer) throws(ArrowFault) -> Integer {
    guard let place = try place(of: field) else { return value }
    return try Self.integer(bytes, at: place)
  }

  /// A table that this one points to.
  func table(_ field: Int) throws(ArrowFault) -> FlatTable? {
    guard let place = try place(of: field) else { return nil }
    return FlatTable(bytes, position: try target(of: place))
  }

  func string(_ field: Int) throws(ArrowFault) -> String? {
    guard let vector = try vector(field, elementSize: 1) else { return nil }
    let characters = bytes[vector.start..<vector.start + vector.count]
    guard let text = String(validating: characters, as: UTF8.self) else {
      throw .damaged("a name in a message's metadata is not valid UTF-8")
    }
    return text
  }

  /// Tables that a vector points to.
  func tables(_ field: Int) throws(ArrowFault) -> [FlatTable] {
    guard let vector = try vector(field, elementSize: 4) else { return [] }
    var tables: [FlatTable] = []
    for index in 0..<vector.count {
      tables.append(FlatTable(bytes, position: try target(of: vector.start + 4 * index)))
    }
    return tables
  }

  /// A vector of structs of `width` 64-bit numbers each.
  func integers(_ field: Int, width: Int) throws(ArrowFault) -> [[Int64]] {
    guard let vector = try vector(field, elementSize: 8 * width) else { return [] }
    var elements: [[Int64]] = []
    elements.reserveCapacity(vector.count)
    for index in 0..<vector.count {
      var element: [Int64] = []
      for part in 0..<width { element.append(try Self.integer(bytes, at: vector.start + 8 * (width * index + part))) }
      elements.append(element)
    }
    return elements
  }

  // MARK: places

  /// Where a field lies; nil where it is absent. The table begins with the distance back to its list of fields.
  private func place(of field: Int) throws(ArrowFault) -> Int? {
    let distance: Int32 = try Self.integer(bytes, at: position)
    let list = position - Int(distance)
    let size: UInt16 = try Self.integer(bytes, at: list)
    let slot = 4 + 2 * field
    guard slot + 2 <= Int(size) else { return nil }
    let offset: UInt16 = try Self.integer(bytes, at: list + slot)
    return offset == 0 ? nil : position + Int(offset)
  }

  private func target(of place: Int) throws(ArrowFault) -> Int {
    let offset: UInt32 = try Self.integer(bytes, at: place)
    return place + Int(offset)
  }

  private func vector(_ field: Int, elementSize: Int) throws(ArrowFault) -> (start: Int, count: Int)? {
    guard let place = try place(of: field) else { return nil }
    let start = try target(of: place)
    let length: UInt32 = try Self.integer(bytes, at: start)
    guard Int(length) <= (bytes.count - start - 4) / elementSize else { throw .metadata }
    return (start + 4, Int(length))
  }

  private static func integer<Integer: FixedWidthInteger>(
    _ bytes: [UInt8], at place: Int
  ) throws(ArrowFault) -> Integer {
    let size = MemoryLayout<Integer>.size
    guard place >= 0, place <= bytes.count - size else { throw .metadata }
    var value: Integer = 0
    for index in stride(from: size - 1, through: 0, by: -1) {
      value = value << 8 | Integer(truncatingIfNeeded: bytes[place + index])
    }
    return value
  }
}
