import Control
import Foundation
import Preference
import Synchronization
import TestSupport
import Testing

@testable import Session
@testable import Training
@testable import TrainingFixture

/// The folder of a run is its own only as long as nobody has removed or replaced it.
@Suite struct SessionOwnershipTests {
  /// What happens to the folder while the run is between two steps.
  enum Loss: CaseIterable {
    case removed, replaced, replacedInside, lockRemoved, recordRemoved
  }

  /// Every file below `folder` with its bytes.
  private static func contents(_ folder: String) -> [String: Data] {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return Dictionary(
      uniqueKeysWithValues: names.map { ($0, FileManager.default.contents(atPath: folder + "/" + $0) ?? Data()) })
  }

  /// A run that is over by now, with a checkpoint of step 4.
  private static func anotherRun(in folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var fixture = try LoopFixture(hps: .sample)
    fixture.session = folder
    fixture.totalSteps = 4
    fixture.seed = 77
    let recorder = SessionRecorder(session: folder)
    try recorder.open(SessionFixture.facts())
    let events = EventLog { event, _ in recorder.observe(event) }
    let loop = try fixture.loop(events, recorder: recorder)
    events.take(.started(SessionFixture.description(of: fixture.set)))
    recorder.observe(.finished(try loop.run()))
    #expect(recorder.close() == nil)
  }

  private static func strike(_ folder: String, _ loss: Loss) throws {
    let files = FileManager.default
    switch loss {
    case .removed: try files.removeItem(atPath: folder)
    case .replaced:
      try files.removeItem(atPath: folder)
      try anotherRun(in: folder)
    case .replacedInside:
      for name in try files.contentsOfDirectory(atPath: folder) { try files.removeItem(atPath: folder + "/" + name) }
      try anotherRun(in: folder)
    case .lockRemoved: try files.removeItem(atPath: folder + "/.lock")
    case .recordRemoved: try files.removeItem(atPath: folder + "/session.db")
    }
  }

  @Test(arguments: Loss.allCases) func aRunThatHasLostItsFolderEndsAndTouchesNothing(loss: Loss) throws {
    let temporary = try TemporaryFolder()
    let folder = temporary.path + "/s"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var fixture = try LoopFixture(hps: .sample)
    fixture.session = folder
    fixture.saveSteps = 4
    fixture.savedCheckpoints = 1
    let recorder = SessionRecorder(session: folder)
    try recorder.open(SessionFixture.facts())
    let left = Mutex<[String: Data]>([:])
    let events = EventLog { event, _ in
      recorder.observe(event)
      // Its next write is the checkpoint of this very step.
      guard event.endOfStep == 4 else { return }
      recorder.queue.sync {
        do { try Self.strike(folder, loss) } catch { Issue.record(error) }
        left.withLock { $0 = Self.contents(folder) }
      }
    }
    let loop = try fixture.loop(events, recorder: recorder)
    events.take(.started(SessionFixture.description(of: fixture.set)))
    #expect(throws: TrainingError.folderLost(folder)) { _ = try loop.run() }
    recorder.observe(.stateChanged(.failed("lost")))
    #expect(recorder.close() != nil)
    #expect(events.steps.count == 4)
    let before = left.withLock { $0 }
    // The database is the run's own as long as it is there: where only the lock is gone, SQLite folds its log back.
    func compared(_ contents: [String: Data]) -> [String: Data] {
      loss == .lockRemoved ? contents.filter { !$0.key.hasPrefix("session.db") } : contents
    }
    #expect(compared(Self.contents(folder)) == compared(before))
    #expect(FileManager.default.fileExists(atPath: folder) == (loss != .removed))
    if loss == .replaced || loss == .replacedInside { #expect(before["checkpoint-4/optimizer.safetensors"] != nil) }
  }

  /// Whoever closes a database folds its log back and removes it, by name: never another session's.
  @Test func theLogOfTheNextSessionStays() throws {
    let temporary = try TemporaryFolder()
    let folder = temporary.path + "/s"
    func recorder() throws -> SessionRecorder {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let recorder = SessionRecorder(session: folder)
      try recorder.open(SessionFixture.facts())
      recorder.observe(.started(SessionFixture.description()))
      recorder.observe(.checkpoint(step: 1, path: "checkpoint-1"))
      return recorder
    }
    let first = try recorder()
    try FileManager.default.removeItem(atPath: folder)
    let second = try recorder()
    let before = Self.contents(folder)
    #expect(before["session.db-wal"]?.isEmpty == false)
    #expect(throws: TrainingError.folderLost(folder)) { try first.requireFolder() }
    first.observe(.checkpoint(step: 2, path: "checkpoint-2"))
    let missing = first.close()
    #expect(missing?.hasPrefix("1 events are not in the record: \(folder): the session folder was removed") == true)
    #expect(Self.contents(folder) == before)
    second.observe(.checkpoint(step: 3, path: "checkpoint-3"))
    #expect(second.close() == nil)
    var steps: [Int] = []
    try SessionReader(folder: folder).forEach { if case .checkpoint(let step, _) = $0.event { steps.append(step) } }
    #expect(steps == [1, 3])
  }

  /// A session that did not begin is taken back; what was there before stays.
  @Test func aSessionThatDidNotBeginLeavesNothing() throws {
    let fixture = try SessionFixture()
    let recorder = SessionRecorder(session: fixture.folder)
    try recorder.open(SessionFixture.facts())
    recorder.abandon()
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder).isEmpty)
    // A database of somebody else is neither used nor removed.
    let theirs = Data("not a database, and long enough not to be taken for an empty one".utf8)
    try theirs.write(to: URL(fileURLWithPath: fixture.folder + "/session.db"))
    #expect(throws: SessionError.self) {
      try SessionRecorder(session: fixture.folder).open(SessionFixture.facts())
    }
    #expect(Self.contents(fixture.folder) == ["session.db": theirs])
  }

  @Test func aResumedRunNeedsTheRecordThatItRead() throws {
    let fixture = try SessionFixture()
    #expect(throws: TrainingError.folderLost(fixture.folder)) {
      try SessionRecorder(session: fixture.folder).open(SessionFixture.facts(resumedFrom: 3))
    }
    #expect(Self.contents(fixture.folder).isEmpty)
  }

  // MARK: The lock

  private func mode(_ path: String) throws -> Int? {
    try (FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
  }

  /// Whoever can open the lock's file can hold it and so keep its owner out.
  @Test func nobodyElseCanHoldTheLock() throws {
    let fixture = try SessionFixture()
    let lock = fixture.folder + "/.lock"
    func modeWhileHeld() throws -> Int? {
      let lease = try SessionLease(folder: fixture.folder)
      defer { withExtendedLifetime(lease) {} }
      return try mode(lock)
    }
    #expect(try modeWhileHeld() == 0o600)
    // As earlier versions have left it.
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: lock)
    #expect(try modeWhileHeld() == 0o600)
  }

  /// The lock's file can be removed between two processes that want it: both would hold a lock.
  @Test func aLockWithoutANameIsNone() throws {
    let fixture = try SessionFixture()
    let first = try SessionLease(folder: fixture.folder)
    #expect(!first.isLost)
    #expect(throws: SessionError.inUse(fixture.folder, pid: nil)) { try SessionLease(folder: fixture.folder) }
    try FileManager.default.removeItem(atPath: fixture.folder + "/.lock")
    #expect(first.isLost)
    #expect(try !SessionLease(folder: fixture.folder).isLost)
  }

  @Test func aProcessIsKnownByItsStart() throws {
    let own = ProcessIdentity.current
    #expect(own.start > 0 && !own.bootID.isEmpty)
    #expect(ProcessIdentity.running(own.pid) == own)
    #expect(ProcessIdentity.running(1)?.start != own.start)
    #expect(ProcessIdentity.running(0) == nil)
  }
}
