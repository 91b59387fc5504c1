import JSON

/// The rows of a file of columns, one after another, in the form in which JSON lines give theirs: a column is a key, a
/// null a null, a list an array, a struct an object.
public protocol TableReader: AnyObject {
  /// Rows of the whole file, where it says so.
  var rowCount: Int? { get }
  /// The share of the rows that has been read, 0 … 1.
  var progress: Double { get }

  /// The next row; nil at the end.
  /// - Throws: `TableError`. What was read before stands.
  func next() throws(TableError) -> JSONObject?
}

/// A file of columns that cannot be read.
public enum TableError: Error, Equatable {
  /// - Parameter why: what the system says.
  case unreadable(path: String, why: String)
  /// - Parameter problem: what is wrong with the bytes, a clause.
  case damaged(path: String, problem: String)
  /// - Parameter cure: what to do instead, a clause.
  case unsupported(path: String, feature: String, cure: String)
}

extension TableError: CustomStringConvertible {
  /// One sentence. A file's own names of columns in it cannot steer a terminal.
  public var description: String { sentence.printable }

  private var sentence: String {
    switch self {
    case .unreadable(let path, let why): "\(path): cannot be read: \(why)"
    case .damaged(let path, let problem): "\(path): the file is damaged: \(problem)"
    case .unsupported(let path, let feature, let cure): "\(path): \(feature) is not supported; \(cure)"
    }
  }
}
