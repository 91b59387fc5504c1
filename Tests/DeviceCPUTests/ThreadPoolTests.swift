import Foundation
import DeviceCPU
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  /// Every task once, by a worker that exists, whatever came before and however short the loop.
  @Test(arguments: [1, 2, 3, 5]) func everyTaskOnce(threads: Int) {
    let runtime = CPUDevice(threads: threads, precision: .fp32)
    for round in 0..<2000 {
      let count = round % 7
      let seen = Mutex([Int](repeating: 0, count: count))
      let strangers = Mutex(0)
      runtime.parallel(count) { task, worker in
        seen.withLock { $0[task] += 1 }
        if !(0..<threads).contains(worker) { strangers.withLock { $0 += 1 } }
      }
      #expect(seen.withLock { $0 } == [Int](repeating: 1, count: count))
      #expect(strangers.withLock { $0 } == 0)
    }
  }

  /// Threads that have gone to sleep are woken, and those that sleep at the end do not keep the pool.
  @Test func wakesItsThreads() {
    let runtime = CPUDevice(threads: 3, precision: .fp32)
    for _ in 0..<5 {
      usleep(3000)
      let workers = Mutex<Set<Int>>([])
      runtime.parallel(3) { _, worker in
        _ = workers.withLock { $0.insert(worker) }
        // Until others have come: each of the three tasks goes to a worker of its own.
        // The limit only ends a test that hangs.
        let end = Date() + 300
        while workers.withLock({ $0.count }) < 3, Date() < end { usleep(50) }
      }
      #expect(workers.withLock { $0 } == [0, 1, 2])
    }
  }

  /// A loop inside a loop, and loops of several threads on one pool.
  @Test func loopsMayMeet() {
    let runtime = CPUDevice(threads: 3, precision: .fp32)
    let sum = Atomic<Int>(0)
    runtime.parallel(4) { outer, _ in
      runtime.parallel(5) { inner, _ in sum.add(outer * 5 + inner, ordering: .relaxed) }
    }
    #expect(sum.load(ordering: .relaxed) == 20 * 19 / 2)

    let total = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<200 { runtime.parallel(6) { task, _ in total.add(task, ordering: .relaxed) } }
    }
    #expect(total.load(ordering: .relaxed) == 4 * 200 * 15)
  }

  /// Every part of every task once, under the number of a worker that is in nothing else; and the loop outlives them all.
  @Test(arguments: [1, 2, 3, 5]) func everyPartOnce(threads: Int) {
    let runtime = CPUDevice(threads: threads, precision: .fp32)
    for round in 0..<500 {
      let (tasks, parts) = (1 + round % 4, round % 9)
      let seen = Mutex([Int](repeating: 0, count: tasks * parts))
      let busy = Mutex([Int?](repeating: nil, count: threads))
      let mixed = Mutex(0)
      runtime.parallel(tasks) { task, worker in
        runtime.share(parts, worker: worker) { part, helper in
          // A worker is in one part at a time, and between its own task's parts in no other task's.
          if busy.withLock({
            let found = $0[helper]; $0[helper] = task; return found
          }) != nil {
            mixed.withLock { $0 += 1 }
          }
          seen.withLock { $0[task * parts + part] += 1 }
          busy.withLock { $0[helper] = nil }
        }
      }
      #expect(seen.withLock { $0 } == [Int](repeating: 1, count: tasks * parts))
      #expect(mixed.withLock { $0 } == 0)
    }
  }

  /// The last task's parts go to whoever is free.
  @Test func partsAreShared() {
    let runtime = CPUDevice(threads: 3, precision: .fp32)
    let helpers = Mutex<Set<Int>>([])
    // The limit only ends a test that hangs.
    let end = Date() + 300
    runtime.parallel(3) { task, worker in
      guard task == 0 else {
        while helpers.withLock({ $0.isEmpty }), Date() < end {}
        return
      }
      runtime.share(3, worker: worker) { _, helper in
        _ = helpers.withLock { $0.insert(helper) }
        while helpers.withLock({ $0.count }) < 3, Date() < end { usleep(50) }
      }
    }
    #expect(helpers.withLock { $0 } == [0, 1, 2])
  }

  /// Within a part and outside of loops there is nobody to share with, and nothing is lost.
  @Test func sharingElsewhere() {
    let runtime = CPUDevice(threads: 3, precision: .fp32)
    let sum = Atomic<Int>(0)
    runtime.share(5, worker: 2) { part, worker in
      #expect(worker == 2)
      sum.add(part, ordering: .relaxed)
    }
    #expect(sum.load(ordering: .relaxed) == 10)
    runtime.parallel(4) { _, worker in
      runtime.share(4, worker: worker) { part, helper in
        runtime.share(4, worker: helper) { _, same in
          #expect(same == helper)
          sum.add(1, ordering: .relaxed)
        }
        runtime.parallel(2) { _, _ in sum.add(1, ordering: .relaxed) }
      }
    }
    #expect(sum.load(ordering: .relaxed) == 10 + 4 * 4 * 6)
  }
}
