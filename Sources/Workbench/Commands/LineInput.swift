import Foundation
import JSON
import PreferenceData
import Text

/// A line of input that a command cannot use (exit code 3).
struct InputError: Error, CustomStringConvertible {
  var description: String

  init(_ input: String, line: Int, _ why: String) { description = "\(input): line \(line): \(why)" }
}

/// JSON lines from a file, from standard input (`-`), plain, gzip or zstd, one at a time.
struct LineInput {
  let path: String

  var name: String { path == "-" ? "standard input" : path }

  /// Calls `body` with the number (from 1) and the value of every line that is not blank. What `body` throws as a
  /// `Problem` gets the line's place.
  func forEach(_ body: (JSONValue) throws -> Void) throws {
    var rows = try JSONRows(path: path, readsArrays: false)
    while let row = try rows.next() {
      do {
        try body(row.value.get())
      } catch let reason as DropReason {
        throw InputError(name, line: row.line, reason.phrase)
      } catch let problem as Problem {
        throw InputError(name, line: row.line, problem.why)
      }
    }
  }

  static let notAMessage = Problem(
    "a message needs the texts \"role\" and \"content\" (or \"from\" and \"value\")")

  /// What is wrong with a line, in a few words.
  struct Problem: Error {
    var why: String

    init(_ why: String) { self.why = why }
  }
}

extension JSONValue {
  /// A text or a list of messages, as the field `key` of an input line gives it.
  func textOrMessages(_ key: String) throws -> TextOrMessages {
    guard let object else { throw LineInput.Problem("not a JSON object") }
    guard let value = object[key] else { throw LineInput.Problem("\"\(key)\" is missing") }
    if value.string == nil, value.array == nil {
      throw LineInput.Problem("\"\(key)\" is neither a text nor a list of messages")
    }
    do { return try value.textOrMessages() } catch { throw LineInput.notAMessage }
  }

  /// Messages as the readers of preference data take them.
  func conversation() throws -> [ChatMessage] {
    guard array != nil else { throw LineInput.Problem("not a list of messages") }
    do { return try messages() } catch { throw LineInput.notAMessage }
  }

  func tokenIDs() throws -> [Int32] {
    guard let array else { throw LineInput.Problem("not a list of token ids") }
    return try array.map { item in
      guard let number = item.number, let id = Int32(exactly: number), id >= 0 else {
        throw LineInput.Problem("a token id is not a whole number from 0")
      }
      return id
    }
  }
}
