import Dispatch
import Synchronization

/// A value that is worked out beside the thread that will want it. Not to be waited for within another one: both would
/// need a thread of one small pool.
final class Ahead<Value: Sendable>: Sendable {
  private let group = DispatchGroup()
  private let result = Mutex<Result<Value, any Error>?>(nil)

  init(_ body: @escaping @Sendable () throws -> Value) {
    DispatchQueue.global(qos: .userInitiated).async(group: group) { [self] in
      let found = Result { try body() }
      result.withLock { $0 = found }
    }
  }

  /// The value, waited for where it is not there yet.
  /// - Throws: what `body` threw.
  func get() throws -> Value {
    group.wait()
    guard let found = result.withLock({ $0 }) else { preconditionFailure("the group waits for the result") }
    return try found.get()
  }
}
