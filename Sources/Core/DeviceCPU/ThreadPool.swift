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
    Self.withContext(body) { wb_workers_run(workers, Int64(count), $0, $1) }
  }

  /// Within task's body run by `worker`: `body(part, worker)` for every part in 0..<count, with the help of workers that
  /// have run out of tasks; returns when all are done.
  func share(_ count: Int, worker: Int, _ body: @Sendable (_ part: Int, _ worker: Int) -> Void) {
    precondition(count < 1 << 31 && (0..<threads).contains(worker), "a worker of this pool")
    guard let workers, count > 1 else {
      for part in 0..<count { body(part, worker) }
      return
    }
    Self.withContext(body) { wb_workers_share(workers, Int64(worker), Int64(count), $0, $1) }
  }

  /// The closure as C takes it. The loop ends before `run` returns, so neither the closure nor its place outlives the call.
  private static func withContext(
    _ body: @Sendable (_ task: Int, _ worker: Int) -> Void,
    run: (_ task: @escaping wb_task, UnsafeMutableRawPointer) -> Void
  ) {
    withoutActuallyEscaping(body) { body in
      var loop = Loop(body: body)
      withUnsafeMutablePointer(to: &loop) { context in
        run(
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

/// The processors that the system lets this process run on.
public enum AllowedProcessors {
  /// Their numbers; empty where the system does not tell.
  public static var numbers: [Int] {
    let room = 1 << 13
    let found = [Int32](unsafeUninitializedCapacity: room) { buffer, count in
      count = Int(wb_allowed_processors(buffer.baseAddress, Int32(room)))
    }
    return found.map { Int($0) }
  }
}
