import Control

/// The only place where the screen's state changes: (state, event) -> (state, effects). It does no input or output and
/// reads no clock, so a test, a replay and a person at a terminal all get the same screen.
public enum Reducer {
  /// - Parameter now: seconds of a monotonic clock.
  public static func reduce(_ state: inout ScreenState, _ event: ScreenEvent, now: Double) -> [ScreenEffect] {
    state.view.now = now
    if let expires = state.view.message?.expires, expires <= now { state.view.message = nil }
    switch event {
    case .run(let event): return reduce(&state, event)
    case .key(let key): return reduce(&state, key)
    case .resized(let size): state.view.size = size
    case .captured(let entry): state.append(entry)
    case .controls(let news): state.take(news)
    case .peers(let news): return state.take(news)
    case .signal(let number): return state.takeSignal(number)
    case .restarted, .tick: break
    }
    return []
  }

  private static func reduce(_ state: inout ScreenState, _ key: Key) -> [ScreenEffect] {
    // A message that stays is read once a key is pressed, unless it says that the program is ending.
    if state.steering.signal == nil, let message = state.view.message, message.expires == nil {
      state.view.message = nil
    }
    if let binding = Binding.find(key, in: state.context) { return state.perform(binding) }
    if case .character(let character) = key { state.type(character) }
    return []
  }
}

extension ScreenState {
  /// What the reader of other sessions has found.
  mutating func take(_ news: PeerNews) -> [ScreenEffect] {
    if let problem = view.peers.take(news) { say(problem, .warning) }
    switch news {
    case .branched(let path, let process):
      let text = "the branch \(path) trains (process \(process)); 8 lays it over this run"
      say(text, .good)
      note(text)
    case .list: return view.peers.offerParent().map { [.peers($0)] } ?? []
    case .curves, .unreadable, .notBranched, .noSource: break
    }
    return []
  }
}
