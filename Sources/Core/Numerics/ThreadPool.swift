import CKernels
import Dispatch

/// The one pool: a parallel loop whose tasks are fixed by shapes and handed out in order to `threads` workers.
///
/// Which worker runs a task is left to timing; what a task computes must depend on its number alone. The worker's
/// number only picks scratch memory.
struct ThreadPool: Sendable {
  let threads: Int

  /// Runs `body(task, worker)` for every task in 0..<count and returns when all are done.
  func run(_ count: Int, _ body: @Sendable (_ task: Int, _ worker: Int) -> Void) {
    let workers = min(threads, count)
    guard workers > 1 else {
      for task in 0..<count { body(task, 0) }
      return
    }
    let counter = TaskCounter()
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      while true {
        let task = counter.next()
        guard task < count else { return }
        body(task, worker)
      }
    }
  }
}

/// `@unchecked Sendable`: its one word is only ever touched by an atomic add.
private final class TaskCounter: @unchecked Sendable {
  private let value = UnsafeMutablePointer<Int64>.allocate(capacity: 1)

  init() { value.initialize(to: 0) }

  deinit { value.deallocate() }

  func next() -> Int { Int(wb_next(value)) }
}
