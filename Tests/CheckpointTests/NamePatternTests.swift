import Foundation
import Testing

@testable import Checkpoint

/// Expressions over module names against Python's `re` (Tests/Fixtures/adapter/make_patterns.py).
@Suite struct NamePatternTests {
  private struct Table: Decodable {
    struct Row: Decodable {
      let pattern, whole, ends: String
    }

    let names, small, wrong: [String]
    let rows, random: [Row]
  }

  private let table: Table

  init() throws {
    let file = CheckpointFixtures.folder.deletingLastPathComponent().appendingPathComponent("adapter/patterns.json")
    table = try JSONDecoder().decode(Table.self, from: Data(contentsOf: file))
  }

  @Test func matchesAsPythonDoes() throws {
    for (rows, names) in [(table.rows, table.names), (table.random, table.small)] {
      #expect(rows.contains { $0.whole.contains("1") })
      for row in rows {
        let pattern = try NamePattern(row.pattern)
        func found(_ test: (String) -> Bool) -> String { names.map { test($0) ? "1" : "0" }.joined() }
        #expect(found(pattern.matches) == row.whole, "\(row.pattern)")
        #expect(found(pattern.matchesEnd) == row.ends, "\(row.pattern), at the end")
      }
    }
  }

  @Test func refusesWhatItDoesNotFollow() {
    for pattern in table.wrong { #expect(throws: NamePattern.Problem.self, "\(pattern)") { try NamePattern(pattern) } }
    #expect(throws: NamePattern.Problem(reason: "it has more than 4096 characters")) {
      try NamePattern(String(repeating: "a", count: 4097))
    }
  }

  /// An expression that a searching matcher would take longer than anybody's life for.
  @Test func noExpressionTakesForEver() throws {
    let name = String(repeating: "a", count: 100) + "."
    #expect(try !NamePattern("(a|aa|aaa)*(a*)*(a?){99}b").matches(name))
    #expect(try !NamePattern("((a{1,1000}){1,1000}){1,1000}b").matches(name))
    #expect(try NamePattern("((a{1,1000}){1,1000}){1,1000}.").matches(name))
  }
}
