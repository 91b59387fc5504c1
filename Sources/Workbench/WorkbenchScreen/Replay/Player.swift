import Control
import Foundation

/// A record played into a screen's state, forwards and backwards. Going back takes up the nearest earlier state that
/// was kept and plays from there, so any step is reached by playing a small part of the record.
struct Player: Sendable {
  private struct Kept: Sendable {
    var state: ScreenState
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
  /// States kept; when there are more, every second one goes and the distance between them doubles.
  private static let keptLimit = 24
  /// A silence in the record longer than this, in seconds, is played as one of this length.
  static let longestSilence = 2.0

  private let history: any RunHistory
  var state: ScreenState
  private var place = Position()
  private var chunk: [RecordedEvent] = []
  private var chunkEnd: Int64 = 0
  /// Recorded time of the moment that is shown, seconds after the record's first event; nil before it.
  private(set) var clock: Double?
  /// How much of the silence before the next event has been played, seconds.
  private var waited = 0.0
  private var origin: Date?
  private var kept: [Kept] = []
  private var spacing = 16

  /// - Parameter state: what is there before the first event; its view is kept.
  init(history: any RunHistory, state: ScreenState) {
    self.history = history
    self.state = state
    kept = [Kept(state: state, place: Position(), clock: nil)]
  }

  /// The step of the moment that is shown.
  var step: Int { state.completedSteps }

  // MARK: Moving

  /// Shows the moment after `step` and all that happened before the next one; the nearest there is.
  /// - Parameter progress: called now and then with the state on the way.
  mutating func seek(step: Int, progress: ((ScreenState) -> Void)? = nil) throws {
    if step < self.step { goBack(to: step) }
    try undisturbed { player in
      while let event = try player.peek() {
        // What the run did before its first step belongs to step 0.
        if case .step(let record) = event.event, record.step > step { return }
        player.take(event)
        if let progress, player.place.offset % Self.chunkSize == 0 { progress(player.state) }
      }
    }
  }

  mutating func seekToEnd(progress: ((ScreenState) -> Void)? = nil) throws {
    try seek(step: .max, progress: progress)
  }

  /// Lets that many recorded seconds pass; false at the end of the record.
  mutating func advance(seconds: Double) throws -> Bool {
    var left = max(0, seconds)
    try undisturbed { player in
      while let event = try player.peek() {
        let gap = max(0, player.time(of: event) - (player.clock ?? 0))
        let silence = max(0, min(gap, Self.longestSilence) - player.waited)
        guard silence <= left else {
          player.waited += left
          return
        }
        left -= silence
        player.take(event)
      }
    }
    return try peek() != nil
  }

  // MARK: Playing

  /// Runs `body` and gives the person's view back as it was: a record moves no selection and closes no dialog.
  private mutating func undisturbed(_ body: (inout Player) throws -> Void) rethrows {
    let view = state.view
    defer {
      let selected = state.view.selectedPrompt
      state.view = view
      // The first visit selects a prompt where none is.
      if view.selectedPrompt == nil { state.view.selectedPrompt = selected }
      settle()
    }
    try body(&self)
  }

  private mutating func take(_ event: RecordedEvent) {
    let time = time(of: event)
    _ = Reducer.reduce(&state, .run(event.event), now: time)
    clock = time
    waited = 0
    place.offset += 1
    if case .step = event.event { keepIfDue() }
  }

  private mutating func settle() {
    state.sortPrompts()
    let step = step
    state.replay?.step = step
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

  // MARK: Kept states

  private mutating func keepIfDue() {
    guard step % spacing == 0, step > kept.last?.state.completedSteps ?? 0 else { return }
    kept.append(Kept(state: state, place: place, clock: clock))
    guard kept.count > Self.keptLimit else { return }
    spacing *= 2
    kept = kept.filter { $0.state.completedSteps % spacing == 0 }
  }

  private mutating func goBack(to step: Int) {
    let view = state.view
    let replay = state.replay
    // The first is the empty state before the record.
    guard let nearest = kept.last(where: { $0.state.completedSteps <= step }) ?? kept.first else { return }
    state = nearest.state
    state.view = view
    state.replay = replay
    clock = nearest.clock
    waited = 0
    if place.cursor != nearest.place.cursor { chunk = [] }
    place = nearest.place
  }
}
