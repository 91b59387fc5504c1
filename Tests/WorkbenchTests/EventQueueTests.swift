import Control
import Foundation
import Testing

@testable import WorkbenchScreen

struct EventQueueTests {
  @Test func eventsOfManyThreadsArriveOnceAndInOrder() {
    let queue = EventQueue()
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for step in 0..<500 { queue.post(.run(.checkpoint(step: step, path: "\(thread)"))) }
    }
    var next = [Int](repeating: 0, count: 4)
    for event in queue.drain() {
      guard case .run(.checkpoint(let step, let path)) = event, let thread = Int(path) else { continue }
      #expect(next[thread] == step)
      next[thread] += 1
    }
    #expect(next == [500, 500, 500, 500])
    #expect(queue.drain().isEmpty)
    #expect(queue.highWater == 2_000)
  }

  /// The descriptor is readable from the first event until the drain.
  @Test func wakesOnceAndRests() {
    let queue = EventQueue()
    func readable() -> Bool {
      var descriptor = pollfd(fd: queue.wakeDescriptor, events: Int16(POLLIN), revents: 0)
      return poll(&descriptor, 1, 0) == 1
    }
    #expect(!readable())
    queue.post(.tick)
    queue.post(.tick)
    #expect(readable())
    #expect(queue.drain().count == 2)
    #expect(!readable())
    queue.post(.tick)
    #expect(readable())
  }

  @Test func aFloodOfLinesIsCountedNotKept() {
    let queue = EventQueue()
    let line = LogEntry(source: .stderr, line: LogLine(level: .info, text: "x"))
    for _ in 0..<EventQueue.lineLimit + 30 { queue.post(.captured(line)) }
    let events = queue.drain()
    #expect(events.count == EventQueue.lineLimit + 1)
    guard case .captured(let last) = events.last else { return }
    #expect(last.line.text == "30 lines came too fast and are not shown")
  }

  @Test func nothingComesAfterClosing() {
    let queue = EventQueue()
    queue.post(.tick)
    queue.close()
    queue.post(.tick)
    #expect(queue.drain().isEmpty)
  }
}
