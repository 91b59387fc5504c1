/// Why bytes cannot be read as Arrow; the reader adds the path.
enum ArrowFault: Error, Equatable {
  /// - Parameter problem: a clause.
  case damaged(_ problem: String)
  case unsupported(_ feature: String, cure: String)

  /// Words for a flaw in a message's metadata, where a name for it would help nobody.
  static let metadata = ArrowFault.damaged("a message's metadata points outside of itself")

  func error(_ path: String) -> TableError {
    switch self {
    case .damaged(let problem): .damaged(path: path, problem: problem)
    case .unsupported(let feature, let cure): .unsupported(path: path, feature: feature, cure: cure)
    }
  }
}
