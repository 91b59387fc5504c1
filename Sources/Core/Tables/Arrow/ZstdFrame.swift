import CZstd

/// zstd frames of a known length.
enum ZstdFrame {
  private static let piece = 1 << 18

  /// Unpacks all of `packed` into exactly `count` bytes. Memory grows with what is really there, so that a length which
  /// nothing stands behind costs nothing.
  static func unpack(_ packed: [UInt8], count: Int) throws(ArrowFault) -> [UInt8] {
    guard let stream = ZSTD_createDStream() else { throw .damaged("there is no memory to unpack a column") }
    defer { ZSTD_freeDStream(stream) }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: min(piece, max(1, count)))
    var (position, isOpen) = (Int64(0), Int32(0))
    while true {
      let written = zs_decode(
        stream, packed, position, Int64(packed.count), &chunk, Int64(chunk.count), &position, &isOpen)
      guard written >= 0, output.count + Int(written) <= count else { throw damage }
      output.append(contentsOf: chunk[..<Int(written)])
      if written < chunk.count { break }
    }
    guard output.count == count, isOpen == 0, position == packed.count else { throw damage }
    return output
  }

  private static let damage = ArrowFault.damaged("a column's zstd bytes cannot be unpacked")
}
