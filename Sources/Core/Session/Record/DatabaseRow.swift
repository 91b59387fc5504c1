import GRDB

/// A row of a database that may have been made by anybody: every value is checked before it is used.
struct DatabaseRow {
  let row: Row
  /// What a problem is reported about.
  let table: String

  struct Problem: Error, CustomStringConvertible {
    var description: String
  }

  func problem(_ column: String) -> Problem { Problem(description: "\(table).\(column) holds no value of its kind") }

  func whole(_ column: String, in range: ClosedRange<Int64> = 0...Int64.max) throws -> Int64 {
    guard let value = try optionalWhole(column, in: range) else { throw problem(column) }
    return value
  }

  func optionalWhole(_ column: String, in range: ClosedRange<Int64> = 0...Int64.max) throws -> Int64? {
    switch storage(column) {
    case .null: return nil
    case .int64(let value) where range.contains(value): return value
    default: throw problem(column)
    }
  }

  /// NULL is how SQLite keeps a NaN.
  func number(_ column: String) throws -> Double { try optionalNumber(column) ?? .nan }

  func optionalNumber(_ column: String) throws -> Double? {
    switch storage(column) {
    case .null: return nil
    case .double(let value): return value
    case .int64(let value): return Double(value)
    default: throw problem(column)
    }
  }

  func text(_ column: String) throws -> String {
    guard case .string(let value) = storage(column) else { throw problem(column) }
    return value
  }

  private func storage(_ column: String) -> DatabaseValue.Storage {
    let value: DatabaseValue? = row[column]
    return value?.storage ?? .null
  }

  func optionalBlob(_ column: String) throws -> [UInt8]? {
    switch storage(column) {
    case .null: return nil
    case .blob(let data): return Array(data)
    default: throw problem(column)
    }
  }
}
