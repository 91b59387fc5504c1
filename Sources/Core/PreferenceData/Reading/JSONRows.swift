import JSON

/// The rows of a JSON-lines file (or one JSON array), plain or gzip, "-" for standard input, one at a time in flat memory:
/// what `score`, `generate` and `tokenize` read.
public struct JSONRows {
  public struct Row: Sendable {
    /// Line the row starts on, from 1.
    public var line: Int
    /// The row, or why it cannot be read.
    public var value: Result<JSONValue, DropReason>
  }

  private var reader: RowReader

  /// - Parameter readsArrays: false where every line is a value of its own, so that a list may start a line
  ///   (`tokenize --chat`).
  public init(path: String, readsArrays: Bool = true) throws(DataError) {
    reader = RowReader(try ByteSource(path: path), readsArrays: readsArrays)
  }

  /// Share of the file read so far, 0 … 1; 0 for a pipe.
  public var progress: Double { reader.progress }

  /// The next row that is not blank, nil at the end.
  public mutating func next() throws(DataError) -> Row? {
    guard try reader.next() else { return nil }
    do throws(DropReason) {
      guard !reader.isTooLong else { throw .rowTooLong }
      return Row(line: reader.line, value: .success(try JSONValue.row(reader.row)))
    } catch {
      return Row(line: reader.line, value: .failure(error))
    }
  }
}
