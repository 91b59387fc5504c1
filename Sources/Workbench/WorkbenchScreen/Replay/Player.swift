import Control
import Foundation

/// A record played into a run as the screen observes it, forwards and backwards. Going back takes up the nearest earlier
/// moment that was kept and plays from there, so any step is reached by playing a small part of the record.
struct Player: Sendable {
  private struct Kept: Sendable {
    var run: ObservedRun
    var place: Position
    var clock: Double?
  }

  /// A place in the record: a number of events after a cursor.
  private struct Position: Sendable {
    var cursor: Int64 = 0
    var offset = 0
  }

  /// Events read at a time.
  private static let chunkSize = 512
  /// Moments kept; when there are more, every second one goes and the distance between them doubles.
  private static let keptLimit = 24
  /// A silence in the record longer than this, in seconds, is played as one of this length.
  static let longestSilence = 2.0

  private let history: any RunHistory
  /// The run as of the moment that is shown.
  private(set) var run = ObservedRun()
  private var place = Position()
  private var chunk: [RecordedEvent] = []
  private var chunkEnd: Int64 = 0
  /// Recorded time of the moment that is shown, seconds after the record's first event; nil before it.
  private(set) var clock: Double?
  /// How much of the silence before the next event has been played, seconds.
  private var waited = 0.0
  private var origin: Date?
  private var kept: [Kept]
  private var spacing = 16

  init(history: any RunHistory) {
    self.history = history
    kept = [Kept(run: ObservedRun(), place: Position(), clock: nil)]
  }

  /// The step of the moment that is shown.
  var step: Int { run.completedSteps }

  // MARK: Moving

  /// Shows the moment after `step` and all that happened before the next one; the nearest there is.
  /// - Parameter progress: called now and then with the run on the way.
  mutating func seek(step: Int, progress: ((ObservedRun) -> Void)? = nil) throws {
    if step < self.step { goBack(to: step) }
    while let event = try peek() {
      // What the run did before its first step belongs to step 0.
      if case .step(let record) = event.event, record.step > step { return }
      take(event)
      if let progress, place.offset % Self.chunkSize == 0 { progress(run) }
    }
  }

  mutating func seekToEnd(progress: ((ObservedRun) -> Void)? = nil) throws {
    try seek(step: .max, progress: progress)
  }

  /// Lets that many recorded seconds pass; false at the end of the record.
  mutating func advance(seconds: Double) throws -> Bool {
    var left = max(0, seconds)
    while let event = try peek() {
      let gap = max(0, time(of: event) - (clock ?? 0))
      let silence = max(0, min(gap, Self.longestSilence) - waited)
      guard silence <= left else {
        waited += left
        return true
      }
      left -= silence
      take(event)
    }
    return false
  }

  /// Puts the list of prompts in order, as it is to be shown.
  /// - Parameter now: seconds of the screen's clock.
  mutating func sortPrompts(now: Double) { run.sortPrompts(now: now) }

  // MARK: Playing

  private mutating func take(_ event: RecordedEvent) {
    let time = time(of: event)
    run.take(event.event, now: time)
    clock = time
    waited = 0
    place.offset += 1
    if case .step = event.event { keepIfDue() }
  }

  /// The next event, without taking it; nil at the record's end.
  private mutating func peek() throws -> RecordedEvent? {
    if place.offset < chunk.count { return chunk[place.offset] }
    // The last chunk may have grown.
    if !chunk.isEmpty, chunk.count == Self.chunkSize { place = Position(cursor: chunkEnd) }
    let (events, end) = try history.events(after: place.cursor, limit: Self.chunkSize)
    chunk = events
    chunkEnd = end
    if origin == nil { origin = events.first?.time }
    return place.offset < chunk.count ? chunk[place.offset] : nil
  }

  private func time(of event: RecordedEvent) -> Double {
    origin.map { event.time.timeIntervalSince($0) } ?? 0
  }

  // MARK: Kept moments

  private mutating func keepIfDue() {
    guard step % spacing == 0, step > kept.last?.run.completedSteps ?? 0 else { return }
    kept.append(Kept(run: run, place: place, clock: clock))
    guard kept.count > Self.keptLimit else { return }
    spacing *= 2
    kept = kept.filter { $0.run.completedSteps % spacing == 0 }
  }

  private mutating func goBack(to step: Int) {
    // The first is the empty run before the record.
    guard let nearest = kept.last(where: { $0.run.completedSteps <= step }) ?? kept.first else { return }
    run = nearest.run
    clock = nearest.clock
    waited = 0
    if place.cursor != nearest.place.cursor { chunk = [] }
    place = nearest.place
  }
}
