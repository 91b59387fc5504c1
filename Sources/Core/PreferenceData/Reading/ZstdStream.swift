import CZstd

/// Decodes zstd frames, one after another, from chunks of compressed bytes. Windows of up to 128 MiB are read, which is
/// all that `zstd` makes without `--long=28` and above.
final class ZstdStream {
  static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

  /// A clause in libzstd's words.
  struct Damage: Error {
    var why: String
  }

  private let stream: OpaquePointer
  private var input: [UInt8] = []
  private var position = 0
  private var end = 0
  private var isFrameOpen: Int32 = 0

  /// - Parameter start: compressed bytes that have been read already.
  /// Nil where there is no memory for it.
  init?(holding start: ArraySlice<UInt8>) {
    guard let stream = ZSTD_createDStream() else { return nil }
    self.stream = stream
    input = Array(start) + [UInt8](repeating: 0, count: max(0, ByteSource.chunkSize - start.count))
    end = start.count
  }

  deinit { ZSTD_freeDStream(stream) }

  /// Whether the compressed bytes ended inside a frame.
  var isCutOff: Bool { isFrameOpen != 0 || position < end }

  /// Fills `output` from its start; returns how many bytes are there, 0 at the end of the input.
  /// - Parameter refill: writes compressed bytes to the start of the array and returns how many there are, 0 at the end.
  func read(into output: inout [UInt8], refill: (inout [UInt8]) throws -> Int) throws -> Int {
    while true {
      if position == end {
        end = try refill(&input)
        position = 0
      }
      var used = Int64(position)
      let count = zs_decode(
        stream, input, Int64(position), Int64(end), &output, Int64(output.count), &used, &isFrameOpen)
      guard count >= 0 else {
        throw Damage(why: String(cString: ZSTD_getErrorString(ZSTD_ErrorCode(UInt32(truncatingIfNeeded: -count)))))
      }
      let isStuck = used == Int64(position)
      position = Int(used)
      if count > 0 || isStuck { return Int(count) }
    }
  }
}
