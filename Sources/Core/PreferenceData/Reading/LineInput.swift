import JSON
import Text

/// A line of input that a command cannot use (exit code 3).
public struct InputError: Error, CustomStringConvertible {
  public let description: String

  /// - Parameter unit: what `line` counts (`RowSource.unit`).
  public init(_ input: String, line: Int, unit: String = "line", _ why: String) {
    description = "\(input): \(unit) \(line): \(why)"
  }
}

/// Rows of a file, or JSON lines from standard input (`-`), one at a time: what every command over rows reads.
public struct LineInput: Sendable {
  public let path: String

  public init(path: String) { self.path = path }

  /// As errors and progress name it.
  public var name: String { path == "-" ? "standard input" : path }

  /// Calls `body` with the value of every row that is not blank, and with the share of the input that was read by then,
  /// 0 … 1, nil for a pipe. What `body` throws as a `Problem` gets the line's place.
  /// - Throws: `InputError`, `DataError`, and what `body` throws.
  public func forEach(_ body: (JSONValue, _ share: Double?) throws -> Void) throws {
    var rows = try RowSource(path: path, readsArrays: false)
    while let row = try rows.next() {
      do {
        try body(row.value.get(), rows.progress > 0 ? rows.progress : nil)
      } catch let reason as DropReason {
        throw InputError(name, line: row.line, unit: rows.unit, reason.phrase)
      } catch let problem as Problem {
        throw InputError(name, line: row.line, unit: rows.unit, problem.why)
      }
    }
  }

  static let notAMessage = Problem(
    "a message needs the texts \"role\" and \"content\" (or \"from\" and \"value\")")

  /// What is wrong with a line, in a few words.
  public struct Problem: Error, Equatable {
    public var why: String

    public init(_ why: String) { self.why = why }
  }
}

extension JSONValue {
  /// A text or a list of messages, as the field `key` of an input line gives it.
  /// - Throws: `LineInput.Problem`.
  public func textOrMessages(_ key: String) throws -> TextOrMessages {
    guard let object else { throw LineInput.Problem("not a JSON object") }
    guard let value = object[key] else { throw LineInput.Problem("\"\(key)\" is missing") }
    if value.string == nil, value.array == nil {
      throw LineInput.Problem("\"\(key)\" is neither a text nor a list of messages")
    }
    do { return try value.textOrMessages() } catch { throw LineInput.notAMessage }
  }

  /// Messages as the readers of preference data take them.
  /// - Throws: `LineInput.Problem`.
  public func conversation() throws -> [ChatMessage] {
    guard array != nil else { throw LineInput.Problem("not a list of messages") }
    do { return try messages() } catch { throw LineInput.notAMessage }
  }

  /// A list of token ids, whole numbers from 0.
  /// - Throws: `LineInput.Problem`.
  public func tokenIDs() throws -> [Int32] {
    guard let array else { throw LineInput.Problem("not a list of token ids") }
    return try array.map { item in
      guard let number = item.number, let id = Int32(exactly: number), id >= 0 else {
        throw LineInput.Problem("a token id is not a whole number from 0")
      }
      return id
    }
  }
}
