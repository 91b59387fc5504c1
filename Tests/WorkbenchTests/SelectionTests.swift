import Control
import Testing

@testable import WorkbenchScreen

/// What is selected, which pane has the focus, and what the trainer is asked for because of it.
struct SelectionTests {
  @Test func movingTheSelectionAsksForNumbersOneAtATime() throws {
    var (driver, run) = ScreenDriver.running(Size(120, 36), steps: 30)
    let order = driver.state.run.prompts.order
    let selected = try #require(driver.state.view.selectedPrompt)
    let start = try #require(order.firstIndex(of: selected))
    let sent = driver.sentCommands.count
    driver.press("j", "j", "j")
    let ahead = (1...3).map { order[min(order.count - 1, start + $0)] }
    // One is under way; of the others only the last is wanted.
    #expect(driver.commands[sent...].elementsEqual([.inspect(prompt: ahead[0])]))
    driver.post(.inspected(run.inspection(ahead[0], step: 30)))
    #expect(driver.commands[sent...].elementsEqual([.inspect(prompt: ahead[0]), .inspect(prompt: ahead[2])]))
    driver.post(.inspected(run.inspection(ahead[2], step: 30)))
    #expect(driver.sentCommands.count == sent + 2)
    driver.press("3")
    let frame = driver.frame()
    #expect(frame.contains("prompt \(ahead[2])") && frame.contains("scored at step 30"))
    // s of rank 8: 0.1·(−30.5 + 27) = −0.35; best: 0; margin +0.35.
    #expect(frame.contains("-0.35") && frame.contains("+0.35"))
  }

  @Test func selectionStaysWithThePromptWhenTheListIsSorted() {
    var (driver, run) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.press("j", "j")
    let selected = driver.state.view.selectedPrompt
    driver.advance(seconds: 5)
    driver.post(.step(run.step(11)))
    #expect(driver.state.view.selectedPrompt == selected)
  }

  @Test func enterZoomsAndInspects() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.press("Enter")
    #expect(driver.state.view.zoomed)
    #expect(!driver.frame().contains("prompts"))
    driver.press("Esc")
    #expect(!driver.state.view.zoomed)
    for _ in 0..<6 { driver.press("Tab") }
    #expect(driver.state.view.focus == .prompts)
    driver.press("Enter")
    #expect(driver.state.view.page == .prompts)
    #expect(driver.state.view.focus == .responses)
    driver.press("j", "j")
    #expect(driver.state.view.selectedResponse == 2)
    #expect(driver.frame().contains("response #3"))
    driver.press("Esc", "Esc")
    #expect(driver.state.view.page == .charts)
  }

  @Test func tabsAndPanesGoRound() {
    var (driver, _) = ScreenDriver.running(Size(80, 24), steps: 10)
    for page in Page.allCases {
      driver.press("\(page.rawValue)")
      #expect(driver.state.view.page == page)
      let panes = driver.state.panes(on: page)
      let first = driver.state.view.focus
      for _ in panes { driver.press("Tab") }
      #expect(driver.state.view.focus == first)
      driver.press("Shift-Tab", "Tab")
      #expect(driver.state.view.focus == first)
    }
  }

  @Test func viewKeys() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.press("s")
    #expect(driver.frame().contains("ema .99"))
    driver.press("f", "f")
    #expect(driver.state.view.domain == .frozen(end: 10))
    driver.press("f", "G")
    #expect(driver.state.view.tier == .halfBlock)
    driver.press("Ctrl-L")
    #expect(driver.repaints == 1)
  }

  @Test func anInspectionThatAnotherReplacedIsNotWaitedFor() {
    var (driver, run) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("j")
    #expect(driver.state.steering.inspecting != nil)
    // Another screen's request came after ours; the trainer answers that one only.
    driver.post(.inspected(run.inspection(0, step: 30)))
    #expect(driver.state.steering.inspecting == nil)
    let sent = driver.sentCommands.count
    driver.press("j")
    #expect(driver.sentCommands.count == sent + 1)
  }
}
