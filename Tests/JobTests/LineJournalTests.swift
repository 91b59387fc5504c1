import Foundation
import TestSupport
import Testing

@testable import Job

/// What a stage has written counts, and nothing else does.
struct LineJournalTests {
  @Test func aNewFileTakesLines() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/out.jsonl"
    let journal = try LineJournal(path: path)
    #expect(journal.lines == 0)
    try journal.append("{\"a\": 1}")
    try journal.append("ä")
    #expect(journal.lines == 2)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "{\"a\": 1}\nä\n")
  }

  @Test func aCutOffLineIsTakenBack() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/out.jsonl"
    try Data("one\ntwo\nthr".utf8).write(to: URL(fileURLWithPath: path))
    var seen: [String] = []
    let journal = try LineJournal(path: path) { seen.append($0) }
    #expect(seen == ["one", "two"] && journal.lines == 2)
    try journal.append("three")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\ntwo\nthree\n")
  }

  @Test func linesOfOtherSettingsAreRefusedAndLeftAlone() throws {
    struct Foreign: Error {}
    let folder = try TemporaryFolder()
    let path = folder.path + "/out.jsonl"
    try Data("seed 1\nseed 2\nhal".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: Foreign.self) {
      try LineJournal(path: path) { if $0 != "seed 1" { throw Foreign() } }
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "seed 1\nseed 2\nhal")
  }

  @Test func oneProcessAtATime() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/out.jsonl"
    do {
      let first = try LineJournal(path: path)
      #expect(throws: JobError.inUse(path)) { try LineJournal(path: path) }
      try first.append("x")
    }
    #expect(try LineJournal(path: path).lines == 1)
  }

  @Test func aPlaceThatCannotBeWrittenIsSaid() throws {
    let error = #expect(throws: JobError.self) { try LineJournal(path: "/dev/null/out") }
    #expect(error?.description == "/dev/null/out: cannot be written: Not a directory")
    #expect(throws: JobError.unwritable("/dev/full", why: "it is not a file")) { try LineJournal(path: "/dev/full") }
  }
}
