import Foundation
import TestSupport

/// Bytes in a file that is removed with this value.
final class ParquetFile {
  let path: String
  private let folder: TemporaryFolder

  init(_ bytes: [UInt8]) throws {
    folder = try TemporaryFolder()
    path = folder.path + "/x.parquet"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }
}
