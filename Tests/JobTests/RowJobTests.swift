import Foundation
import JSON
import PreferenceData
import TestSupport
import Testing

@testable import Job

/// A stage needs `prepare` and `process`; order, batches, bad rows, going on, stopping and progress are the job's.
struct RowJobTests {
  /// Counts characters.
  private struct Lengths: RowStage {
    var batch = 2
    var refuses = ""

    struct Refusal: Error {}

    func prepare(_ row: JSONValue, place: Int) throws -> (text: String, place: Int) {
      guard let text = row.string else { throw LineInput.Problem("not a text") }
      return (text, place)
    }

    func process(_ units: [(text: String, place: Int)], emit: (String) throws -> Void) throws {
      for unit in units {
        if unit.text == refuses { throw Refusal() }
        try emit("\(unit.place) \(unit.text.count) of \(units.count)")
      }
    }
  }

  private let folder = Result { try TemporaryFolder() }

  private func file(_ text: String) throws -> LineInput {
    let path = try folder.get().path + "/rows.jsonl"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return LineInput(path: path)
  }

  @Test func rowsAreAnsweredInOrderAFewAtATime() throws {
    let input = try file("\"a\"\n\n\"bb\"\n\"ccc\"\n")
    var lines: [String] = []
    var told: [JobProgress] = []
    let count = try RowJob(Lengths(), input: input, verb: "counting").run {
      told.append($0)
    } emit: {
      lines.append($0)
    }
    #expect(count == 3)
    #expect(lines == ["0 1 of 2", "1 2 of 2", "2 3 of 1"])
    #expect(told.map(\.done) == [2, 3] && told.last?.fraction == 1)
    #expect(told.allSatisfy { $0.what == "counting \(input.path)" })
  }

  @Test func whatComesBeforeABadRowIsNotLost() throws {
    let input = try file("\"a\"\n7\n\"ccc\"\n")
    var lines: [String] = []
    let error = #expect(throws: InputError.self) {
      try RowJob(Lengths(), input: input, verb: "counting").run { lines.append($0) }
    }
    #expect(error?.description == "\(input.path): line 2: not a text")
    #expect(lines == ["0 1 of 1"])
  }

  @Test func nothingIsAnsweredTwice() throws {
    struct Full: Error {}
    let input = try file("\"a\"\n\"b\"\n\"c\"\n")
    var lines: [String] = []
    #expect(throws: Lengths.Refusal.self) {
      try RowJob(Lengths(refuses: "b"), input: input, verb: "counting").run { lines.append($0) }
    }
    #expect(lines == ["0 1 of 2"])
    var tries = 0
    #expect(throws: Full.self) {
      try RowJob(Lengths(), input: input, verb: "counting").run { _ in
        tries += 1
        throw Full()
      }
    }
    #expect(tries == 1)
  }

  /// Each row keeps its place, so that a random stream keyed by it is the same as if nothing had stopped.
  @Test func aJournalLetsTheSameJobGoOn() throws {
    let input = try file("\"a\"\n\"bb\"\n\"ccc\"\n\"dddd\"\n")
    let path = try folder.get().path + "/out.txt"
    let cancellation = JobCancellation()
    do {
      let journal = try LineJournal(path: path)
      #expect(throws: JobCancelled.self) {
        try RowJob(Lengths(batch: 1), input: input, verb: "counting").run(cancellation: cancellation) {
          try journal.append($0)
          if journal.lines == 2 { cancellation.cancel() }
        }
      }
      #expect(journal.lines == 2)
    }
    let journal = try LineJournal(path: path)
    let job = RowJob(Lengths(batch: 1), input: input, verb: "counting", skipping: journal.lines)
    #expect(try job.run { try journal.append($0) } == 2)
    #expect(
      try String(contentsOfFile: path, encoding: .utf8) == "0 1 of 1\n1 2 of 1\n2 3 of 1\n3 4 of 1\n")
  }
}
