import Control
import Dispatch
import Synchronization
import Testing

@testable import Training

struct CommandMailboxTests {
  private func request(_ id: Int) -> CommandRequest { CommandRequest(id: id, command: .pause, origin: .you) }

  @Test func takesAllOldestFirst() {
    let box = CommandMailbox()
    #expect(box.take().isEmpty)
    for id in 1...3 { box.put(request(id)) }
    #expect(box.take().map(\.id) == [1, 2, 3])
    #expect(box.take().isEmpty)
  }

  /// `take` leaves its signals behind: `wait` must not return empty-handed because of them.
  @Test func waitReturnsOnlyWithACommand() {
    let box = CommandMailbox()
    for id in 1...5 { box.put(request(id)) }
    _ = box.take()
    let taken = Mutex<[Int]>([])
    let done = DispatchGroup()
    DispatchQueue.global().async(group: done) {
      let ids = box.wait().map(\.id)
      taken.withLock { $0 = ids }
    }
    box.put(request(6))
    done.wait()
    #expect(taken.withLock { $0 } == [6])
  }

  @Test func manySendersLoseNothing() {
    let box = CommandMailbox()
    let senders = DispatchGroup()
    for sender in 0..<4 {
      DispatchQueue.global().async(group: senders) {
        for id in 0..<50 { box.put(request(sender * 50 + id)) }
      }
    }
    var ids: [Int] = []
    while ids.count < 200 { ids += box.wait().map(\.id) }
    senders.wait()
    #expect(ids.sorted() == Array(0..<200))
    for sender in 0..<4 {
      let own = ids.filter { $0 / 50 == sender }
      #expect(own == own.sorted())
    }
  }
}
