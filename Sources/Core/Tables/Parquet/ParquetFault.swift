import JSON

/// What is wrong with a Parquet file, and where in it, before the reader adds which file it is.
struct ParquetFault: Error {
  private enum Kind {
    case damaged(String)
    case unsupported(feature: String, cure: String)
    case unreadable(String)
  }

  private let kind: Kind
  /// "row 3", "column x": the outermost first.
  private var places: [String] = []

  private init(_ kind: Kind) { self.kind = kind }

  /// - Parameter problem: a clause ("a page ends too early").
  static func damaged(_ problem: String) -> ParquetFault { ParquetFault(.damaged(problem)) }

  static func unsupported(feature: String, cure: String) -> ParquetFault {
    ParquetFault(.unsupported(feature: feature, cure: cure))
  }

  /// - Parameter why: what the system says.
  static func unreadable(_ why: String) -> ParquetFault { ParquetFault(.unreadable(why)) }

  func found(in place: String) -> ParquetFault {
    var fault = self
    fault.places.insert(place, at: 0)
    return fault
  }

  func error(path: String) -> TableError {
    let place = places.joined(separator: ", ")
    switch kind {
    case .damaged(let problem): return .damaged(path: path, problem: place.isEmpty ? problem : "\(place): \(problem)")
    case .unsupported(let feature, let cure):
      return .unsupported(path: path, feature: place.isEmpty ? feature : "\(feature) (\(place))", cure: cure)
    case .unreadable(let why): return .unreadable(path: path, why: why)
    }
  }

  /// A name out of the file, fit for one line of an error: without control characters, and not endless.
  static func shown(_ name: String) -> String {
    name.count > 80 ? name.prefix(80).description.printable + "…" : name.printable
  }
}
