import JSON

/// What one row may take: as much as a row of JSON lines. Offsets of hostile files overlap, so that a few bytes could stand
/// for any number of values.
struct RowBudget {
  private var values = 1_000_000
  private var bytes = 64 << 20

  mutating func spend(values: Int = 0, bytes: Int = 0) throws(ArrowFault) {
    self.values -= values
    self.bytes -= bytes
    guard self.values >= 0, self.bytes >= 0 else {
      throw .damaged("it is longer than 64 MiB or has more than a million values")
    }
  }
}

extension ArrowColumn {
  /// Element `index` as JSON lines would give it, and as `ParquetReader` has it: dates are texts in ISO 8601, decimals
  /// numbers, bytes that are no text null.
  func value(at index: Int, _ budget: inout RowBudget) throws(ArrowFault) -> JSONValue {
    if let validity, try !validity.bit(index) { return .null }
    switch content {
    case .null: return .null
    case .bool(let bits): return .bool(try bits.bit(index))
    case .fixed(let buffer): return try fixed(buffer, index, &budget)
    case .varied(let offsets, let isWide, let data):
      let range = try Self.range(offsets, isWide, index, within: data.count)
      return try text(of: data, range, &budget)
    case .views(let views, let data): return try view(views, data, index, &budget)
    case .list(let offsets, let isWide, let elements):
      let range = try Self.range(offsets, isWide, index, within: elements.length)
      let values = try list(elements, range, &budget)
      return field.isMap ? Self.map(values) : .array(values)
    case .fixedList(let elements):
      guard case .fixedList(let count) = field.type else { return .null }
      return .array(try list(elements, index * count..<(index + 1) * count, &budget))
    case .structure(let members):
      try budget.spend(values: members.count)
      return .object(try ArrowColumn.object(members, isDistinct: field.hasDistinctNames, at: index, &budget))
    case .dictionary(let indices, let entries):
      let entry = try whole(indices, field.dictionary?.indexBytes ?? 4, field.dictionary?.isSigned ?? true, index)
      guard let entry, entries.indices.contains(entry) else {
        throw .damaged("the column \"\(field.name)\" points outside of its dictionary")
      }
      try budget.spend(values: 1, bytes: entries[entry].string?.utf8.count ?? 64)
      return entries[entry]
    }
  }

  /// The elements of columns beside each other, by their names. Of columns with the same name the last one counts.
  static func object(
    _ columns: [ArrowColumn], isDistinct: Bool, at index: Int, _ budget: inout RowBudget
  ) throws(ArrowFault) -> JSONObject {
    var members: [(key: String, value: JSONValue)] = []
    members.reserveCapacity(columns.count)
    for column in columns { members.append((column.field.name, try column.value(at: index, &budget))) }
    return isDistinct ? JSONObject(distinct: members) : JSONObject(members)
  }

  private func list(
    _ elements: ArrowColumn, _ range: Range<Int>, _ budget: inout RowBudget
  ) throws(ArrowFault) -> [JSONValue] {
    try budget.spend(values: range.count)
    var values: [JSONValue] = []
    values.reserveCapacity(range.count)
    for index in range { values.append(try elements.value(at: index, &budget)) }
    return values
  }

  /// An object, where all keys are texts; otherwise the list of keys and values.
  private static func map(_ entries: [JSONValue]) -> JSONValue {
    var object = JSONObject()
    for entry in entries {
      guard let members = entry.object?.members, members.count == 2, let key = members[0].value.string else {
        return .array(entries)
      }
      object.set(key, members[1].value)
    }
    return .object(object)
  }

  private static func range(
    _ offsets: ArrowBuffer, _ isWide: Bool, _ index: Int, within count: Int
  ) throws(ArrowFault) -> Range<Int> {
    let (start, end): (Int64, Int64)
    if isWide {
      (start, end) = (try offsets.integer(at: index), try offsets.integer(at: index + 1))
    } else {
      start = Int64(try offsets.integer(Int32.self, at: index))
      end = Int64(try offsets.integer(Int32.self, at: index + 1))
    }
    guard start >= 0, start <= end, end <= count else { throw ArrowBuffer.outside }
    return Int(start)..<Int(end)
  }

  // MARK: texts

  private func text(
    of data: ArrowBuffer, _ range: Range<Int>, _ budget: inout RowBudget
  ) throws(ArrowFault) -> JSONValue {
    try budget.spend(bytes: range.count)
    if let text = try data.text(range) {
      guard field.isJSON else { return .string(text) }
      return (try? JSONValue(parsing: Array(text.utf8), JSONOptions(duplicateKeys: .lastWins, acceptsNonFinite: true)))
        ?? .string(text)
    }
    switch field.type {
    case .text, .textView: throw .damaged("the column \"\(field.name)\" has text that is not valid UTF-8")
    default: return .null
    }
  }

  /// A view is a length, and either up to 12 bytes or their first four, a buffer and a place in it.
  private func view(
    _ views: ArrowBuffer, _ data: [ArrowBuffer], _ index: Int, _ budget: inout RowBudget
  ) throws(ArrowFault) -> JSONValue {
    let length = Int(try views.integer(Int32.self, at: 4 * index))
    guard length >= 0 else { throw ArrowBuffer.outside }
    if length <= 12 { return try text(of: views, 16 * index + 4..<16 * index + 4 + length, &budget) }
    let buffer = Int(try views.integer(Int32.self, at: 4 * index + 2))
    let start = Int(try views.integer(Int32.self, at: 4 * index + 3))
    guard data.indices.contains(buffer), start >= 0 else { throw ArrowBuffer.outside }
    return try text(of: data[buffer], start..<start + length, &budget)
  }

  // MARK: numbers and dates

  private func fixed(_ buffer: ArrowBuffer, _ index: Int, _ budget: inout RowBudget) throws(ArrowFault) -> JSONValue {
    switch field.type {
    case .integer(let bytes, let isSigned):
      if let whole = try whole(buffer, bytes, isSigned, index) { return .integer(whole) }
      return .number(Double(try buffer.integer(UInt64.self, at: index)))
    case .half: return .number(Self.half(try buffer.integer(at: index)))
    case .single: return .number(Double(Float(bitPattern: try buffer.integer(at: index))))
    case .double: return .number(Double(bitPattern: try buffer.integer(at: index)))
    case .decimal(let bytes, let scale): return try decimal(buffer, bytes, scale, index)
    case .fixedBinary(let bytes):
      guard bytes > 0 else { return .string("") }
      return try text(of: buffer, index * bytes..<(index + 1) * bytes, &budget)
    case .days: return .string(CalendarText.date(day: Int(try buffer.integer(Int32.self, at: index))))
    case .milliseconds:
      let moment = CalendarText.timestamp(try buffer.integer(Int.self, at: index), units: 1_000, isUTC: false)
      return .string(String(moment.prefix { $0 != "T" }))
    case .time(let unit, let bytes):
      return .string(CalendarText.time(try whole(buffer, bytes, true, index) ?? 0, units: unit.perSecond))
    case .timestamp(let unit, let isUTC):
      return .string(
        CalendarText.timestamp(try buffer.integer(Int.self, at: index), units: unit.perSecond, isUTC: isUTC))
    default: return .null
    }
  }

  /// A whole number; nil where it is larger than `Int`.
  private func whole(
    _ buffer: ArrowBuffer, _ bytes: Int, _ isSigned: Bool, _ index: Int
  ) throws(ArrowFault) -> Int? {
    switch (bytes, isSigned) {
    case (1, true): Int(try buffer.integer(Int8.self, at: index))
    case (2, true): Int(try buffer.integer(Int16.self, at: index))
    case (4, true): Int(try buffer.integer(Int32.self, at: index))
    case (8, true): Int(try buffer.integer(Int64.self, at: index))
    case (1, false): Int(try buffer.integer(UInt8.self, at: index))
    case (2, false): Int(try buffer.integer(UInt16.self, at: index))
    case (4, false): Int(try buffer.integer(UInt32.self, at: index))
    default: Int(exactly: try buffer.integer(UInt64.self, at: index))
    }
  }

  /// Stored as a whole number, the lowest byte first.
  private func decimal(
    _ buffer: ArrowBuffer, _ bytes: Int, _ scale: Int, _ index: Int
  ) throws(ArrowFault) -> JSONValue {
    let highestFirst = try buffer.bytes(index * bytes..<(index + 1) * bytes).reversed()
    return DecimalNumber.value(of: Array(highestFirst)[...], scale: scale).map { .number($0) } ?? .null
  }

  /// IEEE half precision: 1 bit of sign, 5 of exponent, 10 of fraction.
  private static func half(_ bits: UInt16) -> Double {
    let sign: Double = bits >> 15 == 0 ? 1 : -1
    let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
    }
  }
}
