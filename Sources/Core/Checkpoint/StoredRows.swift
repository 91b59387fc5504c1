/// Where the rows of a module lie that are not stored in the order in which they are used, one linear's under another's.
public struct StoredRows: Sendable, Equatable {
  /// The stored row of each row.
  public let places: [Int]
  /// The row of each stored one: the other way round.
  public let usedRows: [Int]

  /// - Parameter places: every row once.
  public init(places: [Int]) {
    self.places = places
    var used = places
    for (row, place) in places.enumerated() { used[place] = row }
    usedRows = used
  }

  /// Rows [out, width] in the order of use, from that of the files.
  public func used(_ values: [Float]) -> [Float] {
    let width = values.count / places.count
    return places.flatMap { values[$0 * width..<($0 + 1) * width] }
  }

  /// Rows [out, width] in the order of the files, from that of use.
  public func stored(_ values: [Float]) -> [Float] {
    let width = values.count / places.count
    var result = [Float](repeating: 0, count: values.count)
    for (row, place) in places.enumerated() {
      for column in 0..<width { result[place * width + column] = values[row * width + column] }
    }
    return result
  }
}

extension LinearModule {
  /// Nil where its rows are stored as they are used.
  public func storedRows(in model: ModelConfiguration) -> StoredRows? {
    guard storage == .byHead else { return nil }
    let d = model.headDimension
    return StoredRows(
      places: parts.indices.flatMap { part in
        (0..<model.headCount).flatMap { head in (0..<d).map { (head * parts.count + part) * d + $0 } }
      })
  }
}
