import ArgumentParser
import Training
import WorkbenchScreen

/// How a run is shown and steered: the options of every command that trains.
struct RunOptions: ParsableArguments {
  @Flag(help: "No screen: JSON lines on standard output.")
  var headless = false

  @Option(help: ArgumentHelp("Read commands from a FIFO or from standard input (-); headless only.", valueName: "fifo"))
  var control: String?

  @OptionGroup var appearance: AppearanceOptions

  /// What these options ask for, refused before a model or data is read where it cannot be had.
  func front() throws -> RunFront {
    let look = try appearance.options()
    let screen = !headless && RunScreen.isPossible
    if control != nil, screen { throw UsageError("--control goes with --headless") }
    return RunFront(look: look, screen: screen, control: control)
  }
}

/// The screen, or lines on standard output.
struct RunFront {
  let look: ScreenOptions
  let screen: Bool
  let control: String?

  /// Trains to the end.
  /// - Throws: `ExitCode` for an end other than a completed run's.
  func run(_ plan: RunPlan) throws {
    let status =
      screen
      ? try RunScreen(plan: plan, look: look).run()
      : try HeadlessRun(plan: plan, control: control).run()
    if status != .done { throw ExitCode(status.rawValue) }
  }
}
