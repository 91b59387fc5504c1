import Dispatch
import Testing

@testable import Job

struct JobHandleTests {
  private struct Broken: Error {}

  @Test func aJobEndsWithItsValueOrItsError() throws {
    let good = JobHandle<Int>(label: "test")
    #expect(!good.isOver)
    if case .some = good.wait() { Issue.record("it was never started") }
    good.start { 7 }
    guard case .finished(7)? = good.wait() else {
      Issue.record("no value")
      return
    }
    #expect(good.isOver)
    let bad = JobHandle<Int>(label: "test")
    bad.start { throw Broken() }
    guard case .failed(let error)? = bad.wait() else {
      Issue.record("no error")
      return
    }
    #expect(error is Broken)
  }

  @Test func aCancelledJobStopsBetweenTwoUnits() {
    let job = JobHandle<Int>(label: "test")
    let atFirstUnit = DispatchSemaphore(value: 0)
    let goOn = DispatchSemaphore(value: 0)
    job.start { [cancellation = job.cancellation] in
      atFirstUnit.signal()
      goOn.wait()
      try cancellation.check()
      return 1
    }
    atFirstUnit.wait()
    job.cancellation.cancel()
    goOn.signal()
    guard case .failed(let error)? = job.wait() else {
      Issue.record("not stopped")
      return
    }
    #expect(error as? JobCancelled == JobCancelled())
  }
}
