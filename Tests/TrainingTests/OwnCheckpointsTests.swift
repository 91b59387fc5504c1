import Checkpoint
import Control
import Foundation
import TestSupport
import Testing

@testable import Training
@testable import TrainingFixture

/// A run touches what it has written and nothing else, whatever lies beside it under a checkpoint's name.
@Suite struct OwnCheckpointsTests {
  /// What another trainer may have left.
  private func putForeign(_ step: Int, in folder: String) throws {
    try FileManager.default.createDirectory(
      atPath: "\(folder)/checkpoint-\(step)", withIntermediateDirectories: true)
    try Data("theirs".utf8).write(to: URL(fileURLWithPath: "\(folder)/checkpoint-\(step)/adapter_model.safetensors"))
  }

  private func foreign(_ step: Int, in folder: String) -> String? {
    FileManager.default.contents(atPath: "\(folder)/checkpoint-\(step)/adapter_model.safetensors").map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  private func fixture(_ folder: TemporaryFolder) throws -> LoopFixture {
    var fixture = try LoopFixture(hps: .sample)
    fixture.session = folder.path
    fixture.saveSteps = 2
    fixture.savedCheckpoints = 1
    return fixture
  }

  @Test func theLimitCountsTheRunsOwnCheckpointsAlone() throws {
    let folder = try TemporaryFolder()
    for step in [1, 100, 200] { try putForeign(step, in: folder.path) }
    let summary = try fixture(folder).loop().run()
    #expect(try names(folder.path) == ["checkpoint-1", "checkpoint-100", "checkpoint-200", "checkpoint-8"])
    for step in [1, 100, 200] { #expect(foreign(step, in: folder.path) == "theirs") }
    #expect(summary.checkpointPath == folder.path + "/checkpoint-8")
    try CheckpointStore.verify(
      CheckpointStore.Saved(step: 8, path: folder.path + "/checkpoint-8"),
      model: CheckpointFolder(path: LoopFixture.modelPath).configuration)
  }

  @Test func aRunWaitsWhereSomethingHasTheNameOfItsNextCheckpoint() throws {
    let folder = try TemporaryFolder()
    try putForeign(4, in: folder.path)
    let events = EventLog { event, log in
      guard event.pausedAt == 4 else { return }
      #expect(foreign(4, in: folder.path) == "theirs")
      try? FileManager.default.moveItem(
        atPath: folder.path + "/checkpoint-4", toPath: folder.path + "/theirs")
      log.send(.resume, id: 5)
    }
    let fixture = try fixture(folder)
    try fixture.run(events)
    let complaint = events.all.compactMap { event -> String? in
      if case .log(let line) = event, line.level == .error { line.text } else { nil }
    }
    #expect(
      complaint == [
        folder.path + "/checkpoint-4: cannot be written: something that this run did not write is there; training is "
          + "paused and goes on by itself when it can be written again"
      ])
    #expect(events.steps.map(\.step) == Array(1...8))
    #expect(try names(folder.path) == ["checkpoint-8", "theirs"])
  }

  @Test func aCheckpointThatIsReadStays() throws {
    let folder = try TemporaryFolder()
    var fixture = try fixture(folder)
    fixture.savedCheckpoints = nil
    let loop = try fixture.loop()
    _ = try loop.run()
    let store = try #require(loop.store)
    let reading = try #require(FolderInUse.reading(folder.path + "/checkpoint-4"))
    #expect(store.remove([2, 4]) {} == [2])
    #expect(try names(folder.path) == ["checkpoint-4", "checkpoint-6", "checkpoint-8"])
    reading.release()
    #expect(store.remove([4]) {} == [4])
    #expect(FolderInUse.reading(folder.path + "/checkpoint-4") == nil)
    // A folder that is not the run's any more: nothing goes.
    #expect(store.remove([6]) { throw TrainingError.folderLost(folder.path) } == [])
    #expect(try names(folder.path) == ["checkpoint-6", "checkpoint-8"])
  }

  /// A process can die after a checkpoint has its name and before the record announces it.
  @Test func whatWasNeverAnnouncedIsClearedAway() throws {
    let folder = try TemporaryFolder()
    let unannounced = EventLog { event, _ in
      guard case .checkpoint(let step, _) = event, step == 4 else { return }
      // The record has not heard of it yet: as a process killed at this moment leaves it.
      try? FileManager.default.copyItem(atPath: folder.path, toPath: folder.path + ".killed")
    }
    defer { try? FileManager.default.removeItem(atPath: folder.path + ".killed") }
    var fixture = try fixture(folder)
    fixture.savedCheckpoints = nil
    try fixture.run(unannounced)
    #expect(CheckpointStore.leftovers(session: folder.path).isEmpty)

    let killed = folder.path + ".killed"
    for name in [".checkpoint-6.partial", ".checkpoint-2.old", ".checkpoint-notes", ".checkpoint-6.old.mine"] {
      try FileManager.default.createDirectory(atPath: "\(killed)/\(name)", withIntermediateDirectories: true)
    }
    try putForeign(100, in: killed)
    CheckpointStore.removeLeftovers(session: killed, announced: [2])
    #expect(try names(killed) == [".checkpoint-6.old.mine", ".checkpoint-notes", "checkpoint-100", "checkpoint-2"])
  }

  @Test func anAnnouncedCheckpointIsNoLeftover() throws {
    let folder = try TemporaryFolder()
    try putForeign(2, in: folder.path)
    try Data().write(to: URL(fileURLWithPath: folder.path + "/checkpoint-2/.unannounced"))
    CheckpointStore.removeLeftovers(session: folder.path, announced: [2])
    #expect(try names(folder.path + "/checkpoint-2") == ["adapter_model.safetensors"])
  }

  @Test func aTakenFolderIsRefused() throws {
    let folder = try TemporaryFolder()
    #expect(RunPlan.isFree(folder.path) && RunPlan.isFree(folder.path + "/missing"))
    try putForeign(7, in: folder.path)
    let error = #expect(throws: TrainingError.self) { try RunPlan.requireFree(folder.path) }
    #expect(
      error?.description
        == "\(folder.path) holds checkpoint-7, which is no checkpoint of this run; name another folder with --session, or "
        + "move it away")
    try Data().write(to: URL(fileURLWithPath: folder.path + "/run.yaml"))
    #expect(throws: TrainingError.sessionExists(folder.path)) { try RunPlan.requireFree(folder.path) }
  }
}
