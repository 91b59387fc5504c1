import Testing

@testable import Job

struct JobProgressTests {
  /// 30 of 120 rows in 15 s: 2 a second, and three times 15 s to go.
  @Test func rateAndTimeLeft() {
    let progress = JobProgress(what: "scoring", done: 30, fraction: 0.25, elapsed: 15)
    #expect(progress.rate == 2)
    #expect(progress.remaining == 45)
    #expect(progress.line == "scoring  25 %  2.0/s  45s left")
  }

  /// A resumed job counts its own share: from a half to three quarters in 10 s, so the last quarter takes 10 s more.
  @Test func aResumedJobCountsItsOwnShare() {
    #expect(JobProgress(what: "", done: 5, fraction: 0.75, begunAt: 0.5, elapsed: 10).remaining == 10)
  }

  @Test func whatIsNotKnownIsLeftOut() {
    let pipe = JobProgress(what: "scoring -", done: 3, fraction: nil, elapsed: 2)
    #expect(pipe.remaining == nil && pipe.line == "scoring -  1.5/s")
    let begun = JobProgress(what: "scoring", done: 0, fraction: 0, elapsed: 0)
    #expect(begun.rate == nil && begun.remaining == nil && begun.line == "scoring  0 %")
  }

  @Test func durationsAndBars() {
    #expect(JobProgress.duration(59.4) == "59s" && JobProgress.duration(75) == "1m15s")
    #expect(JobProgress.duration(7_500) == "2h05m" && JobProgress.duration(-1) == "–")
    #expect(JobProgress.duration(.nan) == "–" && JobProgress.duration(1e300) != "")
    for cells in 0...24 {
      let heavy = JobProgress.bar(Double(cells) / 24).filter { $0 == "━" }.count
      #expect(heavy == cells)
    }
    #expect(JobProgress.bar(0.5, width: 4) == "━━──" && JobProgress.bar(2, width: 2) == "━━")
  }
}
