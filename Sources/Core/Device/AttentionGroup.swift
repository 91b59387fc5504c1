/// A run of query rows and what they see: all of `prefix`, and their own rows causally.
public struct AttentionSegment: Sendable, Equatable {
  /// Rows of the queries, and of their own keys.
  public var rows: Range<Int>
  /// Rows that every query of the segment sees; empty for a prompt.
  public var prefix: Range<Int>
  /// The rows whose queries are wanted; the others give keys and values only.
  public var queries: Range<Int>

  /// - Parameter queries: a part of `rows`; nil for all of them.
  public init(rows: Range<Int>, prefix: Range<Int>, queries: Range<Int>? = nil) {
    self.rows = rows
    self.prefix = prefix
    self.queries = queries ?? rows
  }
}

/// Rows that attend only among themselves: a prompt and its responses.
public struct AttentionGroup: Sendable, Equatable {
  public var rows: Range<Int>
  public var segments: [AttentionSegment]
  /// Rows before these that the prompt begins with and other groups' prompts too; every query of the group sees them.
  public var shared: Range<Int>

  public init(rows: Range<Int>, segments: [AttentionSegment], shared: Range<Int> = 0..<0) {
    self.rows = rows
    self.segments = segments
    self.shared = shared
  }
}
