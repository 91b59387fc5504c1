import CBytes

/// Snappy's raw format (google/snappy, format_description.txt): the length, then literal bytes and copies of what has
/// been written already.
enum Snappy {
  /// Unpacks input[start...] into all of `output`. Returns whether it is whole and comes to just that many bytes.
  static func unpack(_ input: [UInt8], from start: Int, into output: inout [UInt8]) -> Bool {
    var (position, written) = (start, 0)
    let (end, size) = (input.count, output.count)
    guard length(input, &position) == size else { return false }
    while position < end {
      let tag = Int(input[position])
      position += 1
      var (count, distance) = (tag >> 2 + 1, 0)
      switch tag & 3 {
      case 0:
        if count > 60 {
          let width = count - 60
          guard width <= end - position else { return false }
          count = Int(input.littleEndian(at: position, width: width)) + 1
          position += width
        }
        guard count <= end - position, count <= size - written else { return false }
        cb_copy(&output, Int64(written), Int64(size), input, Int64(position), Int64(end), Int64(count))
        position += count
        written += count
        continue
      case 1:
        guard position < end else { return false }
        count = (tag >> 2) & 7 + 4
        distance = (tag >> 5) << 8 | Int(input[position])
        position += 1
      case 2:
        guard end - position >= 2 else { return false }
        distance = Int(input[position]) | Int(input[position + 1]) << 8
        position += 2
      default:
        guard end - position >= 4 else { return false }
        distance = Int(input.littleEndian(at: position, width: 4))
        position += 4
      }
      guard distance > 0, distance <= written, count <= size - written else { return false }
      cb_repeat(&output, Int64(written), Int64(size), Int64(distance), Int64(count))
      written += count
    }
    return written == size
  }

  /// The length that stands first; nil where it does not end.
  private static func length(_ input: [UInt8], _ position: inout Int) -> Int? {
    var length = 0
    for shift in stride(from: 0, to: 35, by: 7) {
      guard position < input.count else { return nil }
      let byte = input[position]
      position += 1
      length |= Int(byte & 0x7F) << shift
      if byte < 0x80 { return length }
    }
    return nil
  }
}
