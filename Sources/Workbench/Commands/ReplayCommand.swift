import ArgumentParser
import Foundation
import Session
import WorkbenchScreen

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Show a recorded run again, at any past step, dead or alive.",
    discussion: """
      On the screen Space plays and stops, arrows step, + and - change the speed, ? lists all keys. \
      --frame prints the screen at one step as text: workbench replay SESSION --frame 412 --size 120x36.
      """)

  @Argument(help: "A session folder, or its name in sessions/.")
  var session: String

  @Option(help: ArgumentHelp("Print the screen as it was after this step, as text, and end.", valueName: "step"))
  var frame: Int?

  @Option(help: ArgumentHelp("The size of the printed screen in cells; 120x36 by default.", valueName: "WxH"))
  var size: FrameSize?

  @Option(help: ArgumentHelp("The tab of the printed screen, 1 to \(ScreenDriver.tabs).", valueName: "number"))
  var tab: Int?

  @OptionGroup var appearance: AppearanceOptions

  func validate() throws {
    guard frame == nil else {
      if let frame, frame < 0 { throw ValidationError("--frame \(frame): a step is 0 or more") }
      if let tab, !(1...ScreenDriver.tabs).contains(tab) {
        throw ValidationError("--tab \(tab): the tabs are 1 to \(ScreenDriver.tabs)")
      }
      return
    }
    if size != nil { throw ValidationError("--size goes with --frame") }
    if tab != nil { throw ValidationError("--tab goes with --frame") }
  }

  func run() throws {
    let session = SessionChoice.existing(session)
    let look = try appearance.options()
    let history = SessionHistory(reader: try SessionReader(folder: session))
    if let frame {
      let size = size ?? FrameSize(width: 120, height: 36)
      var driver = try ScreenDriver(
        recording: history, size: Size(size.width, size.height), tier: look.glyphs ?? .braille, monochrome: true)
      guard frame <= driver.lastStep else {
        throw UsageError("--frame \(frame): the record ends with step \(driver.lastStep)")
      }
      driver.look(atStep: frame, tab: tab ?? 1)
      try StandardOutput.shared.write(text: driver.frame())
      return
    }
    try ThreadSupply.require(pool: 0)
    guard RunScreen.isPossible else {
      throw UsageError("replay needs a terminal; without one, --frame STEP prints the screen at a step as text")
    }
    _ = try ScreenSession(options: look, source: .recording(history), peers: SessionPeers(session: session)) { _ in }
      .run()
  }
}

/// "120x36": columns and rows.
struct FrameSize: ExpressibleByArgument {
  var width: Int
  var height: Int

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  init?(argument: String) {
    let parts = argument.split(whereSeparator: { $0 == "x" || $0 == "×" || $0 == "X" }).map { Int($0) }
    guard parts.count == 2, let width = parts[0], let height = parts[1], (1...1_000).contains(width),
      (1...1_000).contains(height)
    else { return nil }
    self.init(width: width, height: height)
  }
}
