import JSON
import Tables
import Text

/// What stops a data file from being used, in one sentence that starts with the file (exit code 3).
public enum DataError: Error, Sendable, Equatable, CustomStringConvertible {
  case noFiles
  case notFound(path: String)
  case isDirectory(path: String)
  /// A character or block device: it may never end.
  case isDevice(path: String)
  case unreadable(path: String, why: String)
  /// A row that does not end within `RowReader.maximumLine`, which only an endless source has.
  case endlessRow(path: String, line: Int)
  case truncatedGzip(path: String, rows: Int)
  case corruptGzip(path: String, rows: Int, why: String)
  case truncatedZstd(path: String, rows: Int)
  case corruptZstd(path: String, rows: Int, why: String)
  case unterminatedArray(path: String, line: Int)
  case empty(path: String)
  /// The cache of tokenised rows cannot be written (exit code 5).
  case unwritable(path: String, why: String)
  case damagedCache(path: String)
  case notJSON(path: String, kind: ForeignKind)
  /// A file of columns that cannot be read.
  case table(TableError)
  /// A line after which nothing can be read.
  case badLine(path: String, line: Int, why: String)
  /// A folder, a pattern or a split of which it is not clear which files are meant, or rows that are not what the run
  /// file says of them.
  case contradiction(path: String, why: String)
  /// - Parameter place: "line 1", or "row 1" in a file of columns.
  case unrecognisedFormat(path: String, place: String, keys: [String])
  case badColumns(why: String)
  case missingColumn(path: String, place: String, column: String, keys: [String])
  case needsChoice(path: String, choices: [DataFormat], why: String)
  case tooManyBadRows(path: String, bad: Int, of: Int, limit: Double, details: String)
  case nothingUsable(path: String, details: String)

  /// A file that is recognisably something else, with what turns it into JSON lines.
  public enum ForeignKind: String, Sendable, CaseIterable {
    case parquet, arrow, feather, zip, bzip2, xz, utf16
  }

  public var description: String { sentence.printable }

  private var sentence: String {
    switch self {
    case .noFiles: "data.train: no file is named"
    case .notFound(let path): "\(path): no such file"
    case .isDirectory(let path): "\(path): is a folder; name the file in it"
    case .isDevice(let path): "\(path): is a device, not a file of rows (standard input is -)"
    case .endlessRow(let path, let line):
      "\(path): line \(line): does not end within \(RowReader.maximumLine >> 20) MiB, as no row does"
    case .unreadable(let path, let why): "\(path): cannot be read (\(why))"
    case .truncatedGzip(let path, let rows):
      "\(path): the gzip stream ends early, after \(grouped(rows)) rows; the file is cut off, fetch it again"
    case .corruptGzip(let path, let rows, let why):
      "\(path): the gzip stream is damaged after \(grouped(rows)) rows (\(why)); fetch the file again"
    case .truncatedZstd(let path, let rows):
      "\(path): the zstd stream ends early, after \(grouped(rows)) rows; the file is cut off, fetch it again"
    case .corruptZstd(let path, let rows, let why):
      "\(path): the zstd stream is damaged after \(grouped(rows)) rows (\(why)); fetch the file again"
    case .unterminatedArray(let path, let line):
      "\(path): line \(line): the JSON array ends inside the element that starts here; a bracket or quote is missing, or "
        + "the file is cut off"
    case .unwritable(let path, let why): "\(path): the cache of tokenised rows cannot be written: \(why)"
    case .damagedCache(let path):
      "\(path): this cache of tokenised rows has been changed or cut short while it was read; start again"
    case .empty(let path): "\(path): has no rows"
    case .notJSON(let path, let kind): kind.sentence(path)
    case .table(let error): error.description
    case .badLine(let path, let line, let why): "\(path): line \(line): \(why)"
    case .contradiction(let path, let why): "\(path): \(why)"
    case .unrecognisedFormat(let path, let place, let keys):
      "\(path): \(place): no known format has the keys \(keyList(keys)); name one with data.format "
        + "(\(DataFormat.allCases.map(\.rawValue).joined(separator: ", ")))"
    case .badColumns(let why): "data.columns: \(why)"
    case .missingColumn(let path, let place, let column, let keys):
      "\(path): \(place): there is no column \(quoted(column)), which data.columns names"
        + "\(NameSuggestion.hint(for: column, among: keys)) (columns here: \(keyList(keys)))"
    case .needsChoice(let path, let choices, let why):
      "\(path): \(why); choose with data.format: \(choices.map(\.rawValue).joined(separator: " or "))"
    case .tooManyBadRows(let path, let bad, let rows, let limit, let details):
      "\(path): \(grouped(bad)) of \(grouped(rows)) rows cannot be read, more than data.max_bad_rows allows "
        + "(\(percent(limit))): \(details)"
    case .nothingUsable(let path, let details): "\(path): no row can be used: \(details)"
    }
  }
}

extension DataError.ForeignKind {
  /// The kind that a file's first bytes betray, or nil.
  static func recognise(_ head: some Collection<UInt8>) -> DataError.ForeignKind? {
    let signatures: [(DataError.ForeignKind, [UInt8])] = [
      (.parquet, ParquetReader.magic), (.arrow, ArrowReader.fileMagic), (.arrow, ArrowReader.streamMagic),
      (.feather, Array("FEA1".utf8)),
      (.zip, [0x50, 0x4B, 0x03, 0x04]), (.bzip2, Array("BZh".utf8)), (.xz, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]),
      (.utf16, [0xFF, 0xFE]), (.utf16, [0xFE, 0xFF]),
    ]
    return signatures.first { head.starts(with: $0.1) }?.0
  }

  func sentence(_ path: String) -> String {
    let quoted = "'" + path.replacing("'", with: "'\\''") + "'"
    switch self {
    case .parquet, .arrow:
      return
        "\(path == "-" ? "standard input" : path): has the bytes of \(self == .parquet ? "a Parquet" : "an Arrow") "
        + "file, which cannot be read from a pipe or packed; name the plain file"
    case .feather:
      return "\(path): is a Feather file of version 1; write it anew with: python3 -c \"import sys, pandas; "
        + "pandas.read_feather(sys.argv[1]).to_parquet(sys.argv[1] + '.parquet')\" \(quoted)"
    case .zip: return "\(path): is a zip archive; unpack it with: unzip \(quoted)"
    case .bzip2: return "\(path): is bzip2-compressed; unpack it with: bunzip2 -k \(quoted)"
    case .xz: return "\(path): is xz-compressed; unpack it with: unxz -k \(quoted)"
    case .utf16: return "\(path): is UTF-16 text; convert it with: iconv -f UTF-16 -t UTF-8 \(quoted)"
    }
  }
}

private func keyList(_ keys: [String]) -> String {
  let shown = keys.prefix(8).map(quoted).joined(separator: ", ")
  return (shown.isEmpty ? "(none)" : shown) + (keys.count > 8 ? ", …" : "")
}

private func quoted(_ key: String) -> String { JSONValue.quoted(String(key.prefix(40))) }

private func percent(_ share: Double) -> String {
  let value = share * 100
  return value == value.rounded() && value.magnitude < 1e6 ? "\(Int(value)) %" : "\(value) %"
}
