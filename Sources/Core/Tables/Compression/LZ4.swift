import CBytes

/// LZ4's block format (lz4_Block_format.md): literal bytes and copies of what has been written already, in turn.
enum LZ4 {
  /// Unpacks input[source] into output[target]. Returns whether it is whole and comes to just that many bytes.
  static func unpack(
    _ input: [UInt8], _ source: Range<Int>, into output: inout [UInt8], at target: Range<Int>
  ) -> Bool {
    decode(input, source, into: &output, at: target, copyingFrom: target.lowerBound) == target.upperBound
  }

  /// Unpacks input[source] into output, from the start of `target` and no further than its end.
  /// - Parameter first: where copies may begin: blocks of a frame reach back into those before them.
  /// - Returns: how far it came; nil for damage.
  static func decode(
    _ input: [UInt8], _ source: Range<Int>, into output: inout [UInt8], at target: Range<Int>, copyingFrom first: Int
  ) -> Int? {
    var (position, written) = (source.lowerBound, target.lowerBound)
    let (end, limit) = (source.upperBound, target.upperBound)
    while position < end {
      let token = Int(input[position])
      position += 1
      var count = token >> 4
      guard lengthen(&count, input, &position, end) else { return nil }
      guard count <= end - position, count <= limit - written else { return nil }
      cb_copy(&output, Int64(written), Int64(limit), input, Int64(position), Int64(input.count), Int64(count))
      position += count
      written += count
      // The last literals have no copy behind them.
      if position == end { break }
      guard end - position >= 2 else { return nil }
      let distance = Int(input.littleEndian(at: position, width: 2))
      position += 2
      count = token & 15
      guard lengthen(&count, input, &position, end) else { return nil }
      count += 4
      guard distance > 0, distance <= written - first, count <= limit - written else { return nil }
      cb_repeat(&output, Int64(written), Int64(limit), Int64(distance), Int64(count))
      written += count
    }
    return written
  }

  /// Unpacks Hadoop's frames: each has the sizes unpacked and packed, the highest byte first, and a block.
  static func unpackFrames(_ input: [UInt8], from start: Int, into output: inout [UInt8]) -> Bool {
    var (position, written) = (start, 0)
    while input.count - position >= 8 {
      let sizes = [position, position + 4].map { at in (0..<4).reduce(0) { $0 << 8 | Int(input[at + $1]) } }
      position += 8
      guard sizes[0] <= output.count - written, sizes[1] <= input.count - position,
        unpack(input, position..<position + sizes[1], into: &output, at: written..<written + sizes[0])
      else { return false }
      position += sizes[1]
      written += sizes[0]
    }
    return position == input.count && written == output.count
  }

  /// A length of 15 goes on in bytes, of which the last is less than 255.
  private static func lengthen(_ count: inout Int, _ input: [UInt8], _ position: inout Int, _ end: Int) -> Bool {
    guard count == 15 else { return true }
    while position < end {
      let byte = Int(input[position])
      position += 1
      count += byte
      if byte < 255 { return true }
    }
    return false
  }
}
