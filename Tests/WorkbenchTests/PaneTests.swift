import Control
import Testing

@testable import WorkbenchScreen

/// The registry of panes.
struct PaneTests {
  /// A pane that the screen does not have: one value, added to the registry.
  private let weather = Pane(
    "weather", title: "weather", seats: [Seat(.charts, .middle), Seat(.events, .main)],
    keys: PaneKeys(
      openHint: "forecast",
      open: { state in
        state.view.message = Message(text: "sun", role: .good)
        return []
      })
  ) { state, rect, head, painter in
    let inside = Frame(head).draw(rect, on: &painter)
    painter.say("cloudy at step \(state.run.completedSteps)", .text, x: inside.x, y: inside.y, limit: inside.width)
  }

  private func screen(_ size: Size) -> ScreenDriver {
    var driver = ScreenDriver(size: size, panes: PaneRegistry(PaneRegistry.standard.panes + [weather]))
    var run = SampleRun()
    for event in run.beginning { driver.post(event) }
    for step in 1...3 { driver.post(.step(run.step(step))) }
    return driver
  }

  @Test func aPaneThatIsAddedIsTitledAndDrawn() {
    var driver = screen(Size(160, 48))
    #expect(driver.frame().contains(" weather ") && driver.frame().contains("cloudy at step 3"))
    // It has its turn of the Tab key, zooms or does what it does with Enter, and says so.
    #expect(driver.state.panes(on: .charts).last == "weather")
    driver.press("Shift-Tab")
    #expect(driver.state.view.focus == "weather" && driver.frame().contains("Enter forecast"))
    driver.press("Enter")
    #expect(driver.state.view.message?.text == "sun" && !driver.state.view.zoomed)
  }

  @Test func aPaneWithoutRoomIsShownWhereTheFocusIs() {
    var small = screen(Size(80, 24))
    #expect(!small.frame().contains("cloudy"))
    small.press("Shift-Tab")
    #expect(small.frame().contains("cloudy at step 3"))
    small.press("6")
    #expect(small.state.panes(on: .events) == ["events", "weather"])
  }

  @Test func eachPaneIsNamedOnceAndEachPageHasOne() {
    let registry = PaneRegistry.standard
    #expect(Set(registry.panes.map(\.id)).count == registry.panes.count)
    for page in Page.allCases { #expect(!registry.seated(on: page).isEmpty, "\(page.title)") }
    for pane in registry.panes {
      #expect(!pane.title.isEmpty && Set(pane.seats.map(\.page)).count == pane.seats.count, "\(pane.id)")
    }
  }

  /// The border of every pane says the title that the registry has for it.
  @Test func everyPaneDrawsItsTitle() {
    var (driver, _) = ScreenDriver.running(Size(160, 48))
    for page in Page.allCases {
      driver.press("\(page.rawValue)")
      let layout = Renderer.layout(of: driver.state)
      let frame = driver.frame()
      for box in layout.panes {
        guard let pane = driver.state.view.panes[box.pane] else {
          Issue.record("\(box.pane) is not in the registry")
          continue
        }
        let title = pane.head(width: box.rect.width, focused: false).title.map(\.text).joined()
        #expect(frame.contains(" \(title) "), "\(title)")
      }
    }
  }
}
