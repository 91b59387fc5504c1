/// How a person looks at a run: which tab, which pane, what is selected. Nothing in it comes from the run.
public struct PersonView: Sendable {
  // MARK: Surroundings
  var size: Size
  /// Seconds of a monotonic clock, as of the last event.
  var now = 0.0
  var tier: GlyphTier
  var monochrome: Bool
  /// The colour theme's name, for the system pane.
  var themeName: String

  // MARK: What is shown
  var page: Page = .charts
  var focus: PaneID = .loss
  /// The focused pane fills the page.
  var zoomed = false
  var smoothing: Smoothing = .medium
  var domain: DomainMode = .all
  /// The prompt selected in the list; follows the prompt when the list is sorted anew.
  var selectedPrompt: Int?
  var selectedResponse = 0
  /// What `/` leaves in the list of prompts; empty for all.
  var promptFilter = ""
  var generationIndex = 0
  /// Lines that the events and logs panes are scrolled back from the newest.
  var eventScroll = 0
  var logScroll = 0
  /// Alarms of these kinds are not shown unasked.
  var mutedAlarms: Set<Alarm.Kind> = []
  var overlay: Overlay?
  var message: Message?
  var timings: Timings?
  var showsTimings = false

  init(size: Size, tier: GlyphTier, monochrome: Bool, themeName: String) {
    self.size = size
    self.tier = tier
    self.monochrome = monochrome
    self.themeName = themeName
  }
}

/// Where a screen's events come from.
public enum Place: Equatable, Sendable {
  /// The trainer is in this process.
  case trainer
  /// Another process trains; this one reads its record.
  case follower
  /// A record is read; nothing trains.
  case recording
}
