/// How much memory a file may make its reader hold: pages unpacked, dictionaries, and what a row repeats without storing
/// it again. Files that people have pack a hundred to one at the most; a hostile one of a few bytes may claim any size.
final class MemoryBudget {
  private let limit: Int
  private var held = 0
  private var row = 0

  /// What every file may have, however small it is.
  private static let base = 48 << 20
  /// What a byte of a file may stand for: as much as deflate can pack into one.
  private static let ratio = 1_024
  /// Most values of one row, as of a text of JSON.
  private static let maximumValues = 1_000_000
  private var values = 0

  init(fileSize: Int) { limit = max(Self.base, fileSize.multipliedReportingOverflow(by: Self.ratio).partialValue) }

  /// Takes note that `size` bytes will be held.
  func hold(_ size: Int) throws(ParquetFault) {
    guard size <= limit - held - row else {
      throw .damaged("\(size) bytes are packed into a page, far more than so small a file can hold")
    }
    held += size
  }

  func release(_ size: Int) { held -= size }

  func startRow() { (row, values) = (0, 0) }

  /// Takes note that a row repeats `size` bytes.
  func addToRow(_ size: Int) throws(ParquetFault) {
    guard size <= limit - held - row else { throw .damaged("a row is far longer than so small a file can hold") }
    row += size
  }

  /// Takes note of one more value in this row: with its place in a list or an object it takes about 64 bytes.
  func addValue() throws(ParquetFault) {
    try addToRow(64)
    values += 1
    guard values <= Self.maximumValues else {
      throw .unsupported(
        feature: "a row of more than \(Self.maximumValues) values", cure: "leave its column out or split its lists")
    }
  }
}
