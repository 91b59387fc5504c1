import Control
import Dispatch
import Foundation
import Synchronization
import Training

/// Writes a run's events into its session database, on a queue of its own.
///
/// Events wait in memory for at most a tenth of a second and are written together; the trainer goes on meanwhile. Four
/// kinds are on the disk, synced, before `observe` returns: answers to commands, checkpoints, the run's end, and a
/// pause. So whatever is told to the outside about them is never lost. Where the disk falls behind by
/// `mostVisitsWaiting`, `observe` waits for it; where it refuses, events go on waiting in memory and `trouble` says why.
public final class SessionRecorder: RunRecorder {
  private struct State {
    var waiting: [RecordedEvent] = []
    var visitsWaiting = 0
    var flushIsPlanned = false
    var trouble: String?
    var isClosed = false
    /// From `open` to `close`.
    var claim: SessionClaim?
  }

  /// `@unchecked Sendable`: read and changed on `queue` only.
  private final class Disk: @unchecked Sendable {
    var writer: SessionWriter?
    var heartbeat: (any DispatchSourceTimer)?
  }

  public let folder: String
  let queue = DispatchQueue(label: "workbench.session", qos: .utility)
  private let state = Mutex(State())
  private let disk = Disk()

  private static let delay = DispatchTimeInterval.milliseconds(100)
  private static let heartbeat = 2.0
  private static let mostVisitsWaiting = 1 << 16

  /// - Parameter session: the run's folder; nothing is made in it before `open`.
  public init(session: String) {
    folder = session
  }

  // MARK: RunRecorder

  public func open(_ facts: RunFacts) throws {
    try queue.sync {
      let writer = try SessionWriter(folder: folder, facts: facts)
      disk.writer = writer
      state.withLock { $0.claim = writer.claim }
      let timer = DispatchSource.makeTimerSource(queue: queue)
      timer.schedule(deadline: .now() + Self.heartbeat, repeating: Self.heartbeat)
      timer.setEventHandler { [weak self] in self?.beat() }
      timer.resume()
      disk.heartbeat = timer
    }
  }

  public func abandon() {
    queue.sync {
      disk.heartbeat?.cancel()
      disk.heartbeat = nil
      disk.writer?.abandon()
      disk.writer = nil
      state.withLock { state in
        state.isClosed = true
        state.claim = nil
      }
    }
  }

  public func requireFolder() throws { try state.withLock { $0.claim }?.check() }

  public func knownReferences(_ facts: RunFacts) -> [ResumePoint.Reference] {
    SharedReferences.beside(folder, facts: facts)
  }

  public var trouble: String? { state.withLock { $0.trouble } }

  public func retry() { queue.sync { flush(durable: false) } }

  // MARK: Events

  /// Keeps `event`. Call it in the events' order, before the event is shown to anybody else.
  public func observe(_ event: RunEvent) {
    if case .loading = event { return }
    if case .stateChanged(.loading) = event { return }
    if case .started(let run) = event {
      queue.async { [self] in disk.writer?.catalogue = run.catalogue }
    }
    let recorded = RecordedEvent(time: Date(), event: event)
    let (plan, mustWait) = state.withLock { state -> (Bool, Bool) in
      guard !state.isClosed else { return (false, false) }
      state.waiting.append(recorded)
      if case .step(let record) = event { state.visitsWaiting += record.visits.count + 1 }
      let isFull = state.trouble == nil && state.visitsWaiting > Self.mostVisitsWaiting
      let mustWait = event.isDurable || isFull
      let plan = !state.flushIsPlanned && !mustWait
      if plan { state.flushIsPlanned = true }
      return (plan, mustWait)
    }
    if mustWait {
      queue.sync { flush(durable: event.isDurable) }
    } else if plan {
      queue.asyncAfter(deadline: .now() + Self.delay) { [self] in flush(durable: false) }
    }
  }

  /// Writes what waits and lets go of the session.
  /// - Returns: one sentence where something could not be written.
  @discardableResult
  public func close() -> String? {
    queue.sync {
      guard disk.writer != nil else { return nil }
      flush(durable: true)
      disk.heartbeat?.cancel()
      disk.heartbeat = nil
      disk.writer?.close()
      disk.writer = nil
      return state.withLock { state in
        state.isClosed = true
        // The lock goes with it.
        state.claim = nil
        return state.trouble.map { "\(state.waiting.count) events are not in the record: \($0)" }
      }
    }
  }

  // MARK: On the queue

  private func flush(durable: Bool) {
    // Before the run's folder is ready, and after a close, events only wait.
    guard let writer = disk.writer else {
      state.withLock { $0.flushIsPlanned = false }
      return
    }
    let (batch, isInTrouble) = state.withLock { state in
      state.flushIsPlanned = false
      return (state.waiting, state.trouble != nil)
    }
    guard !batch.isEmpty || isInTrouble else { return }
    do {
      try writer.write(batch, durable: durable)
      state.withLock { state in
        state.waiting.removeFirst(batch.count)
        state.visitsWaiting = state.waiting.reduce(0) { sum, recorded in
          if case .step(let record) = recorded.event { sum + record.visits.count + 1 } else { sum }
        }
        state.trouble = nil
      }
    } catch {
      let sentence = "\(SessionWriter.explain(error, path: SessionFolder.database(folder)))"
      state.withLock { $0.trouble = sentence }
    }
  }

  private func beat() {
    // What waits after a failed write is tried again with every beat.
    flush(durable: false)
    guard state.withLock({ $0.trouble == nil }) else { return }
    do {
      try disk.writer?.beat()
    } catch {
      let sentence = "\(SessionWriter.explain(error, path: SessionFolder.database(folder)))"
      state.withLock { $0.trouble = sentence }
    }
  }
}

extension RunEvent {
  /// Whether the disk must have it before anybody is told.
  fileprivate var isDurable: Bool {
    switch self {
    case .acknowledged, .checkpoint, .finished: true
    case .stateChanged(let state):
      switch state {
      case .paused, .finished, .failed: true
      default: false
      }
    default: false
    }
  }
}
