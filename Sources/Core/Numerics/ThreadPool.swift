import CKernels

/// The one pool: a parallel loop whose tasks are fixed by shapes and handed out in order to `threads` workers.
///
/// Which worker runs a task is left to timing; what a task computes must depend on its number alone. The worker's
/// number only picks scratch memory. Its threads are its own and not Dispatch's, because they look for the next loop
/// for some fifty microseconds before they sleep: a step has thousands of loops of a millisecond each.
///
/// `@unchecked Sendable`: `workers` is a constant; Workers.c holds the proof that loops may be started from any thread.
final class ThreadPool: @unchecked Sendable {
  let threads: Int
  private let workers: OpaquePointer?

  init(threads: Int) {
    self.threads = threads
    workers = threads > 1 ? wb_workers_make(Int32(clamping: threads)) : nil
  }

  deinit {
    if let workers { wb_workers_free(workers) }
  }

  /// Runs `body(task, worker)` for every task in 0..<count and returns when all are done. A loop within a loop, or beside
  /// another one of the same pool, runs on its caller as worker 0.
  func run(_ count: Int, _ body: @Sendable (_ task: Int, _ worker: Int) -> Void) {
    precondition(count < 1 << 31, "a loop's tasks fit a half word")
    guard let workers, count > 1 else {
      for task in 0..<count { body(task, 0) }
      return
    }
    // The loop ends before this returns, so neither the closure nor its place outlives the call.
    withoutActuallyEscaping(body) { body in
      var loop = Loop(body: body)
      withUnsafeMutablePointer(to: &loop) { context in
        wb_workers_run(
          workers, Int64(count),
          { context, task, worker in
            context?.assumingMemoryBound(to: Loop.self).pointee.body(Int(task), Int(worker))
          }, context)
      }
    }
  }

  private struct Loop {
    let body: @Sendable (_ task: Int, _ worker: Int) -> Void
  }
}
