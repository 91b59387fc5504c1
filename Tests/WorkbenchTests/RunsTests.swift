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
    #expect(driver.state.view.peers.runs == nil)
    driver.post(PeerNews.list(list))
    #expect(driver.frame().contains("crashed, BT-DPO on household-3M, step 12 of 60"))
    driver.press("Enter", "j", "Enter")
    #expect(driver.peerRequests == [.list, .curves("sessions/a"), .curves("sessions/b")])
    driver.post(.curves(path: "sessions/a", curves(0.1)))
    driver.press("s", "s")
    #expect(driver.state.view.smoothing == .off)
    // At this run's step 30: 0.7 − 0.15 + 0.1 = 0.65.
    #expect(driver.frame().contains("A 0.650"))
    #expect(driver.frame().contains("margin +0.12 ± 0.03 over 40 prompts, p 0.001"))
    driver.post(.unreadable(path: "sessions/b", "sessions/b: the session database is damaged"))
    #expect(driver.isWarned)
    #expect(driver.state.view.peers.overlays.map(\.path) == ["sessions/a"])
    driver.press("k", "Enter")
    #expect(driver.state.view.peers.overlays.isEmpty)
    // Curves that come after a run was taken off are dropped.
    driver.post(.curves(path: "sessions/a", curves(0)))
    #expect(driver.state.view.peers.overlays.isEmpty)
  }

  @Test func aBranchIsAskedForAndShown() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("B")
    #expect(driver.isWarned && driver.state.view.overlay == nil)
    for step in [10, 20, 30] { driver.post(.checkpoint(step: step, path: "sessions/demo-1/checkpoint-\(step)")) }
    driver.press("B")
    #expect(driver.frame().contains("checkpoint of step 30") && driver.frame().contains("3 of 3"))
    driver.press("Enter")
    #expect(driver.frame().contains("name what is to be different, such as gamma=2.5"))
    driver.press("Down")
    driver.type("gamma=2.5 training.warmup_ratio=0.1")
    driver.press("Backspace")
    driver.type("2 seed")
    driver.press("Enter")
    #expect(driver.frame().contains("seed: expected key=value"))
    driver.type("=7")
    driver.press("Enter")
    #expect(
      driver.peerRequests == [
        .branch(step: 20, settings: ["preference.gamma=2.5", "training.warmup_ratio=0.2", "training.seed=7"])
      ])
    driver.post(PeerNews.branched(path: "sessions/demo-1-branch", process: 4711))
    #expect(driver.frame().contains("the branch sessions/demo-1-branch trains (process 4711); 8 lays it over this run"))
    driver.press("8")
    #expect(driver.peerRequests.suffix(2) == [.list, .curves("sessions/demo-1-branch")])
    driver.press("B", "Esc")
    #expect(driver.state.view.overlay == nil)
    driver.post(PeerNews.notBranched("sessions/demo-1: cannot be branched: no checkpoint has been written yet"))
    #expect(driver.isWarned)
  }

  @Test func aParentIsLaidOverUnasked() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("8")
    let parent = PeerRun(path: "s/p", name: "p", detail: "finished", kinship: .parent(step: 10))
    let child = PeerRun(path: "s/c", name: "c", detail: "training", kinship: .branch(step: 20))
    driver.post(PeerNews.list([child, parent]))
    #expect(driver.peerRequests == [.list, .curves("s/p")])
    #expect(driver.frame().contains("branch from 20; training"))
    driver.post(.curves(path: "s/p", curves(0.1)))
    driver.press("s", "s")
    #expect(driver.frame().contains("parent, forked at 10; margin +0.12"))
    // This run's loss minus the parent's, 0.650, at the same step.
    let own = driver.state.run.metrics[.loss].raw.values.last ?? .nan
    driver.resize(Size(200, 48))
    #expect(driver.frame().contains("vs A \(NumberText.signed(own - 0.65, decimals: 3))"))
    // Taken off, it stays off.
    driver.press("j", "Enter")
    driver.post(PeerNews.list([child, parent]))
    #expect(driver.state.view.peers.overlays.isEmpty)
  }

  @Test func withoutASourceItSaysSo() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 3)
    driver.press("8")
    driver.post(PeerNews.noSource)
    #expect(!driver.state.view.peers.hasSource)
  }

  @Test func onlySoManyCanBeToldApart() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 3)
    driver.press("8")
    driver.post(PeerNews.list((0..<9).map { PeerRun(path: "s/\($0)", name: "\($0)", detail: "") }))
    for _ in 0..<9 { driver.press("Enter", "j") }
    #expect(driver.state.view.peers.overlays.count == PeerBook.most)
    #expect(driver.isWarned)
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
