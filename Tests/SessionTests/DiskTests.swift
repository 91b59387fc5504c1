import Checkpoint
import Control
import Foundation
import GRDB
import Preference
import Testing

@testable import Session
@testable import Training
@testable import TrainingFixture

/// A file system of its own, small enough to fill. Needs root; tests are skipped elsewhere.
final class SmallDisk: Sendable {
  let path: String
  private var filler: String { path + "/filler" }

  /// nil where nothing can be mounted.
  init?(megabytes: Int) {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("disk-\(UUID().uuidString)")
    try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    guard Self.run("mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", url.path]) else {
      try? FileManager.default.removeItem(at: url)
      return nil
    }
    path = url.path
  }

  static let isPossible = SmallDisk(megabytes: 1) != nil

  deinit {
    _ = Self.run("umount", ["-l", path])
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Leaves no byte free.
  func fill() {
    _ = FileManager.default.createFile(atPath: filler, contents: nil)
    guard let file = FileHandle(forWritingAtPath: filler) else { return }
    for size in [65_536, 4096, 1] {
      while (try? file.write(contentsOf: Data(repeating: 0, count: size))) != nil {}
    }
  }

  func free() { try? FileManager.default.removeItem(atPath: filler) }

  func makeReadOnly() -> Bool { Self.run("mount", ["-o", "remount,ro", path]) }

  private static func run(_ name: String, _ arguments: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + arguments
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}

@Suite(.enabled(if: SmallDisk.isPossible, "nothing can be mounted here (root is needed)"))
struct DiskTests {
  /// What is full: the record's next batch, or a checkpoint.
  enum Moment: CaseIterable { case record, checkpoint }

  @Test(arguments: Moment.allCases) func aFullDiskPausesTheRunUntilThereIsRoom(moment: Moment) throws {
    let disk = try #require(SmallDisk(megabytes: 4))
    let folder = disk.path + "/s"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var fixture = try LoopFixture(hps: .sample)
    fixture.adapterFolder = nil
    fixture.session = folder
    fixture.saveSteps = moment == .checkpoint ? 3 : 0
    let recorder = SessionRecorder(session: folder)
    try recorder.open(SessionFixture.facts())
    let events = EventLog { event, log in
      recorder.observe(event)
      if event.endOfStep == 3 {
        disk.fill()
        if moment == .record { recorder.retry() }
      }
      if event.pausedAt == 3 {
        disk.free()
        // Tries at once, not in a second.
        log.send(.resume, id: 7)
      }
    }
    let loop = try fixture.loop(events, recorder: recorder)
    events.take(.started(SessionFixture.description(of: fixture.set)))
    let summary = try loop.run()
    recorder.observe(.finished(summary))
    #expect(recorder.close() == nil)

    #expect(events.states.contains(.paused(atStep: 3)))
    #expect(events.answer(7)?.refusal == nil)
    let complaint = events.all.compactMap { event -> String? in
      if case .log(let line) = event, line.level == .error { line.text } else { nil }
    }
    #expect(complaint.count == 1)
    #expect(
      complaint.first?.hasSuffix("training is paused and goes on by itself when it can be written again") == true)
    #expect(complaint.first?.hasPrefix(folder) == true, "\(complaint)")

    // Nothing is missing, and the numbers are those of a run with room.
    let expected = EventLog()
    fixture.session = nil
    try fixture.run(expected)
    #expect(events.steps == expected.steps)
    var recorded: [Int] = []
    try SessionReader(folder: folder).forEach { if case .step(let step) = $0.event { recorded.append(step.step) } }
    #expect(recorded == Array(1...8))
    let database = try DatabaseQueue(path: folder + "/session.db")
    #expect(try database.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
    let model = try CheckpointFolder(path: SessionFixture.model).configuration
    for step in moment == .checkpoint ? [3, 6, 8] : [8] {
      try CheckpointStore.verify(
        CheckpointStore.Saved(step: step, path: "\(folder)/checkpoint-\(step)"), model: model)
    }
  }

  @Test func aStopGivesUpOnAFullDisk() throws {
    let disk = try #require(SmallDisk(megabytes: 4))
    var fixture = try LoopFixture(hps: .sample)
    fixture.session = disk.path
    fixture.saveSteps = 2
    let events = EventLog { event, log in
      if event.endOfStep == 2 { disk.fill() }
      if event.pausedAt == 2 { log.send(.stop, id: 1) }
    }
    let error = #expect(throws: TrainingError.self) { try fixture.run(events) }
    #expect(error?.description.hasPrefix(disk.path) == true, "\(error?.description ?? "")")
    #expect(events.answer(1)?.refusal?.hasPrefix("the run has failed") == true)
  }

  @Test func aReadOnlyDiskIsOneSentence() throws {
    let disk = try #require(SmallDisk(megabytes: 1))
    let folder = disk.path + "/s"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let first = SessionRecorder(session: folder)
    try first.open(SessionFixture.facts())
    first.observe(.started(SessionFixture.description()))
    first.close()
    guard disk.makeReadOnly() else { return }
    let error = #expect(throws: SessionError.self) {
      try SessionRecorder(session: folder).open(SessionFixture.facts(resumedFrom: 0))
    }
    #expect(error?.description == "\(folder)/.lock: cannot be written: Read-only file system")
    // It can still be looked at.
    #expect(try SessionReader(folder: folder).description.name == "r")
  }
}
