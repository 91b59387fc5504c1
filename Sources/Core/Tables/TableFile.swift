/// The kinds of files of columns, which show in their first bytes.
public enum TableFile: Sendable {
  case parquet, arrow

  /// Bytes that tell a kind.
  public static let headLength = 6

  /// The kind of a file that begins with `head`; nil for all others.
  public init?(head: some Collection<UInt8>) {
    if head.starts(with: ParquetReader.magic) {
      self = .parquet
    } else if head.starts(with: ArrowReader.fileMagic) || head.starts(with: ArrowReader.streamMagic) {
      self = .arrow
    } else {
      return nil
    }
  }

  /// A reader of the rows of a file of this kind.
  /// - Throws: `TableError`.
  public func reader(path: String) throws(TableError) -> any TableReader {
    switch self {
    case .parquet: try ParquetReader(path: path)
    case .arrow: try ArrowReader(path: path)
    }
  }
}
