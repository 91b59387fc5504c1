import Synchronization

/// Counts weights as they are written, and keeps the error with which whoever watches ended the work.
final class WeightCounter: Sendable {
  private struct State {
    var count = 0
    var failure: (any Error)?
  }
  private let state = Mutex(State())
  private let report: @Sendable (Int) throws -> Void

  init(report: @escaping @Sendable (Int) throws -> Void) { self.report = report }

  var failure: (any Error)? { state.withLock { $0.failure } }

  func add(_ number: Int) throws {
    let count = state.withLock { state in
      state.count += number
      return state.count
    }
    do {
      try report(count)
    } catch {
      state.withLock { $0.failure = error }
      throw error
    }
  }
}
