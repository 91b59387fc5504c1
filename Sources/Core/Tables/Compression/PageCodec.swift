import CZlib
import CZstd

/// How pages of a file are compressed (parquet-format, Compression.md).
enum PageCodec {
  case none, snappy, gzip, zstd
  /// LZ4 blocks alone, or in the frames that Hadoop puts around them.
  case lz4, hadoopLZ4

  init(code: Int) throws(ParquetFault) {
    switch code {
    case 0: self = .none
    case 1: self = .snappy
    case 2: self = .gzip
    case 5: self = .hadoopLZ4
    case 6: self = .zstd
    case 7: self = .lz4
    default:
      let name = code == 3 ? "LZO" : code == 4 ? "brotli" : "number \(code)"
      throw .unsupported(feature: "the compression \(name)", cure: "write the file with zstd or snappy")
    }
  }

  /// The most that `size` bytes can unpack to: what the format's densest code makes of them.
  func largestSize(of size: Int) -> Int {
    switch self {
    case .none: size
    // A copy of 64 bytes takes three.
    case .snappy: size * 22
    // 258 bytes take two bits.
    case .gzip: size * 1_032
    // A byte goes on with a length by 255.
    case .lz4, .hadoopLZ4: size * 255
    // A block of 128 KiB may take four bytes. What that adds up to is for `MemoryBudget`.
    case .zstd: size * 32_768
    }
  }

  /// Unpacks input[start...], which must come to exactly `size` bytes.
  func unpack(_ input: [UInt8], from start: Int, size: Int) throws(ParquetFault) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: size)
    let isWhole: Bool
    switch self {
    case .none: return Array(input[start...])
    case .snappy: isWhole = Snappy.unpack(input, from: start, into: &output)
    case .gzip: isWhole = cz_unpack(input, Int64(start), Int64(input.count), &output, Int64(size)) == 0
    case .zstd: isWhole = zs_decompress(input, Int64(start), Int64(input.count), &output, Int64(size)) >= 0
    case .lz4: isWhole = LZ4.unpack(input, start..<input.count, into: &output, at: 0..<size)
    case .hadoopLZ4:
      isWhole =
        LZ4.unpackFrames(input, from: start, into: &output)
        || LZ4.unpack(input, start..<input.count, into: &output, at: 0..<size)
    }
    guard isWhole else { throw .damaged("a page cannot be unpacked") }
    return output
  }
}

enum Checksum {
  /// The checksum of gzip and Parquet (ISO 3309).
  static func crc32(_ bytes: [UInt8]) -> UInt32 { cz_checksum(bytes, Int64(bytes.count)) }
}
