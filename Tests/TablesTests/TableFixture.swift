import Foundation
import JSON
import TestSupport

@testable import Tables

/// Files of Tests/Fixtures/tables and what make_tables.py wrote beside them.
enum TableFixture {
  static func path(_ name: String) -> String { TestPackage.fixture("tables/\(name)").path }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// The rows of a file of JSON lines.
  static func lines(_ name: String) throws -> [JSONValue] {
    try bytes(name).split(separator: 0x0A).map { try JSONValue(parsing: Array($0)) }
  }

  static func rows(_ reader: some TableReader) throws -> [JSONValue] {
    var rows: [JSONValue] = []
    while let row = try reader.next() { rows.append(.object(row)) }
    return rows
  }

  /// Writes bytes to a file of a temporary folder and reads it.
  static func read(_ bytes: [UInt8], in folder: TemporaryFolder) throws -> [JSONValue] {
    let path = folder.path + "/x.arrow"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try rows(ArrowReader(path: path))
  }
}
