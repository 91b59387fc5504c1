import JSON

/// What is wrong with a Parquet file, before the reader adds which file, row and column it was.
enum ParquetFault: Error {
  /// - Parameter problem: a clause without an end ("a page ends too early").
  case damaged(String)
  case unsupported(feature: String, cure: String)
  /// - Parameter why: what the system says.
  case unreadable(String)

  /// The same fault with where it was found: `place` is "column x" or "row 3".
  func found(in place: String) -> ParquetFault {
    switch self {
    case .damaged(let problem): .damaged("\(place)\(problem.hasPrefix("column ") ? ", " : ": ")\(problem)")
    case .unsupported(let feature, let cure): .unsupported(feature: "\(feature) (\(place))", cure: cure)
    case .unreadable: self
    }
  }

  func error(path: String) -> TableError {
    switch self {
    case .damaged(let problem): .damaged(path: path, problem: problem)
    case .unsupported(let feature, let cure): .unsupported(path: path, feature: feature, cure: cure)
    case .unreadable(let why): .unreadable(path: path, why: why)
    }
  }

  /// A name out of the file, fit for one line of an error: without control characters, and not endless.
  static func shown(_ name: String) -> String {
    name.count > 80 ? name.prefix(80).description.printable + "…" : name.printable
  }
}
