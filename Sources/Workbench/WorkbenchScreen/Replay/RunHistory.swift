import Control

/// A run's record as the screen reads it: the same events as those of a live run, in order, with their times.
public protocol RunHistory: Sendable {
  /// At most `limit` events after `cursor`, and the cursor of the last one; the first call is with cursor 0. No events
  /// and the same cursor: that is all there is now.
  /// - Throws: an error whose description is one sentence.
  func events(after cursor: Int64, limit: Int) throws -> (events: [RecordedEvent], cursor: Int64)
}
