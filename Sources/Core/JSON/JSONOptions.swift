/// How strictly JSON is read, and how much of it.
public struct JSONOptions: Sendable {
  public enum DuplicateKeys: Sendable {
    case refused
    /// As Python's and most other readers have it.
    case lastWins
  }

  public var duplicateKeys = DuplicateKeys.refused
  /// Whether Python's NaN, Infinity and -Infinity, and numbers beyond the largest double, are read or refused.
  public var acceptsNonFinite = false
  /// Deepest nesting of arrays and objects, which bounds the stack that a hostile text can use.
  public var maximumDepth = 128
  /// Most values kept of a text, which bounds the memory beyond a multiple of the text's own length.
  public var maximumValues = 1_000_000

  /// RFC 8259 to the letter, and no key twice in one object.
  public static let strict = JSONOptions()

  public init(
    duplicateKeys: DuplicateKeys = .refused, acceptsNonFinite: Bool = false, maximumDepth: Int = 128,
    maximumValues: Int = 1_000_000
  ) {
    self.duplicateKeys = duplicateKeys
    self.acceptsNonFinite = acceptsNonFinite
    self.maximumDepth = maximumDepth
    self.maximumValues = maximumValues
  }
}
