import JSON
import Tables

/// The rows of a CSV or TSV file, plain or packed.
final class SeparatedRows {
  /// Columns of the known formats that hold texts or messages: an answer "42" is no number there.
  private static let texts: Set<String> = [
    "prompt", "chosen", "rejected", "response", "completion", "instruction", "input", "output", "question", "system",
    "chosen_response", "rejected_response", "response_0", "response_1", "output_A", "output_B", "text", "A0", "A1",
    "A2",
    "A3", "generate_0", "generate_1", "generate_2", "generate_3", "generate_4",
  ]
  /// Columns of the known formats that hold lists.
  private static let lists: Set<String> = [
    "responses", "completions", "rewards", "ranks", "conversations", "messages", "answers", "prefix", "suffix",
    "history",
    "all_generated_responses", "all_rm_scores", "rm_scores",
  ]

  /// How many rows were read, for the words of an error of the bytes below.
  private final class Count {
    var rows = 0
  }

  private let source: ByteSource
  private let reader: CSVReader<DataError>
  private let count = Count()

  init(_ source: ByteSource, _ separator: UInt8, columns: ColumnMap?) {
    self.source = source
    let count = count
    let names = CSVReader<DataError>.Names(
      texts: Self.texts.union(columns.map { [$0.prompt] + $0.responses } ?? []), lists: Self.lists)
    reader = CSVReader(separator: separator, names: names) { (chunk: inout [UInt8]) throws(DataError) in
      try source.read(into: &chunk, rows: count.rows)
    }
  }

  var progress: Double { source.progress }

  func next() throws(DataError) -> RowSource.Row? {
    let row: CSVReader<DataError>.Row?
    do {
      row = try reader.next()
    } catch let problem as CSVProblem {
      throw .badLine(path: source.path, line: problem.line, why: problem.why)
    } catch let error as DataError {
      throw error
    } catch {
      throw .unreadable(path: source.path, why: "\(error)")
    }
    guard let row else { return nil }
    count.rows += 1
    switch row.value {
    case .success(let object): return RowSource.Row(line: row.line, value: .success(.object(object)))
    case .failure(.malformed): return RowSource.Row(line: row.line, value: .failure(.malformedCSV))
    case .failure(.notUTF8): return RowSource.Row(line: row.line, value: .failure(.invalidText))
    case .failure(.tooLong): return RowSource.Row(line: row.line, value: .failure(.rowTooLong))
    }
  }
}
