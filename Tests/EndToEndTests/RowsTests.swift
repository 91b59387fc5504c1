import Foundation
import Testing

extension EndToEnd {
  /// `rows` prints what data is read as.
  @Suite("rows")
  struct Rows {
    private static func table(_ name: String) -> String {
      Project.root.appendingPathComponent("Tests/Fixtures/tables/\(name)").path
    }

    private func rows(_ arguments: String..., input: String = "") async throws -> Program.Result {
      try await Program.run(["rows"] + arguments, input: input)
    }

    @Test func everyKindOfFileHasTheSameRows() async throws {
      let lines = try await rows(Self.table("pairs.jsonl"))
      #expect(lines.ending == .exited(0) && lines.lines.count == 21)
      #expect(lines.errorLines == ["21 rows read as trl, 21 kept, 0 dropped"])
      for name in ["hub", "hub/data/train-*", "arrow/saved", "arrow/pairs.polars.arrow", "csv/pairs.csv"] {
        let table = try await rows(Self.table(name))
        #expect(table.ending == .exited(0) && table.output == lines.output, "\(name): \(table.errors)")
      }
      // Canonical rows are read as themselves.
      let again = try await rows("-", input: lines.output)
      #expect(again.output == lines.output)
    }

    @Test func someOfThem() async throws {
      let two = try await rows("--head", "2", Self.table("lists.jsonl"))
      #expect(two.ending == .exited(0) && two.lines.count == 2 && two.errors == "")
      #expect(
        two.lines[0].hasPrefix(#"{"prompt": "Question 0?", "responses": ["Blue.", "Plaid."], "rewards": [2.5, -1.2"#))
      let test = try await rows("--split", "test", Self.table("hub"))
      #expect(test.ending == .exited(0) && test.lines.count == 4)
    }

    @Test func whatIsDroppedAndRefused() async throws {
      let dropped = try await rows(
        "-", input: EndToEnd.rows + #"{"prompt": "a", "responses": ["b", "b"], "rewards": [1, 0]}"#)
      #expect(dropped.ending == .exited(0) && dropped.lines.count == 2)
      #expect(dropped.errorLines.last == "dropped 1: all responses are the same (line 3)")
      let bad = try await rows("-", input: EndToEnd.rows + "not json\n")
      #expect(bad.ending == .exited(3) && bad.complaints.count == 1 && bad.lines.count == 2)
      let piped = try await rows("-", input: "PAR1 and more")
      #expect(piped.ending == .exited(3))
      #expect(
        piped.complaints == [
          "error: standard input: has the bytes of a Parquet file, which cannot be read from a pipe or packed; name the "
            + "plain file"
        ])
      let format = try await rows("--format", "tlr", "-", input: EndToEnd.rows)
      #expect(format.ending == .exited(2) && format.errors.contains("did you mean \"trl\"?"))
      let split = try await rows("--split", "dev", Self.table("hub"))
      #expect(split.ending == .exited(3) && split.errors.contains("it has the splits test, train"))
    }
  }
}
