import Foundation

/// An event with the moment it was observed.
public struct RecordedEvent: Sendable {
  public var time: Date
  public var event: RunEvent

  public init(time: Date, event: RunEvent) {
    self.time = time
    self.event = event
  }
}
