import Control
import Testing

@testable import WorkbenchScreen

/// Tab 8: other sessions over this one's curves.
struct RunsTests {
  private let list = [
    PeerRun(path: "sessions/a", name: "a", detail: "finished, HPS-DPO on household-3M, step 60 of 60"),
    PeerRun(path: "sessions/b", name: "b", detail: "crashed, BT-DPO on household-3M, step 12 of 60"),
  ]

  private func curves(_ offset: Double) -> PeerCurves {
    let points = (1...60).map { PeerCurves.Point(step: $0, value: 0.7 - 0.005 * Double($0) + offset) }
    return PeerCurves(
      loss: points, margin: points, accuracy: points, comparison: "margin +0.12 ± 0.03 over 40 prompts, p 0.001")
  }

  @Test func theTabAsksForTheListAndLaysRunsOver() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("8")
    #expect(driver.peerRequests == [.list])
    #expect(driver.frame().contains("reading the sessions beside this one"))
    driver.post(PeerNews.list(list))
    #expect(driver.frame().contains("crashed, BT-DPO on household-3M, step 12 of 60"))
    driver.press("Enter", "j", "Enter")
    #expect(driver.peerRequests == [.list, .curves("sessions/a"), .curves("sessions/b")])
    driver.post(.curves(path: "sessions/a", curves(0.1)))
    driver.press("s", "s")
    #expect(driver.state.smoothing == .off)
    // At this run's step 30: 0.7 − 0.15 + 0.1 = 0.65.
    #expect(driver.frame().contains("A 0.650"))
    #expect(driver.frame().contains("margin +0.12 ± 0.03 over 40 prompts, p 0.001"))
    driver.post(.unreadable(path: "sessions/b", "sessions/b: the session database is damaged"))
    #expect(driver.frame().contains("sessions/b: the session database is damaged"))
    #expect(driver.state.peers.overlays.map(\.path) == ["sessions/a"])
    driver.press("k", "Enter")
    #expect(driver.state.peers.overlays.isEmpty)
    // Curves that come after a run was taken off are dropped.
    driver.post(.curves(path: "sessions/a", curves(0)))
    #expect(driver.state.peers.overlays.isEmpty)
  }

  @Test func withoutASourceItSaysSo() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 3)
    driver.press("8")
    driver.post(PeerNews.noSource)
    #expect(driver.frame().contains("other sessions cannot be read from here"))
  }

  @Test func onlySoManyCanBeToldApart() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 3)
    driver.press("8")
    driver.post(PeerNews.list((0..<9).map { PeerRun(path: "s/\($0)", name: "\($0)", detail: "") }))
    for _ in 0..<9 { driver.press("Enter", "j") }
    #expect(driver.state.peers.overlays.count == PeerBook.most)
    #expect(driver.frame().contains("6 runs at a time can be told apart"))
  }

  @Test(arguments: [(80, 24), (160, 48)]) func frames(_ width: Int, _ height: Int) {
    var (driver, _) = ScreenDriver.running(Size(width, height), monochrome: true)
    driver.press("8")
    driver.post(PeerNews.list(list))
    driver.press("Enter")
    driver.post(.curves(path: "sessions/a", curves(0.1)))
    let difference = Golden.difference(driver.frame(), "runs-\(width)x\(height)")
    #expect(difference == nil, "\(difference ?? "")")
  }
}
