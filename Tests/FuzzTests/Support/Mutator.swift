/// Makes broken inputs out of whole ones: the same inputs for the same seed.
struct Mutator {
  private let seeds: [[UInt8]]
  private let words: [[UInt8]]
  private var state: UInt64

  /// - Parameters:
  ///   - seeds: whole inputs.
  ///   - words: what the format is made of, to be put in anywhere.
  init(seeds: [String], words: [String], seed: UInt64) {
    self.init(seeds: seeds.map { Array($0.utf8) }, words: words, seed: seed)
  }

  init(seeds: [[UInt8]], words: [String], seed: UInt64) {
    self.seeds = seeds.isEmpty ? [[]] : seeds
    self.words = (words + Self.troublemakers).map { Array($0.utf8) }
    state = seed
  }

  /// What breaks readers of any text format.
  private static let troublemakers = [
    "", "\0", "\u{FEFF}", "\u{200D}", "\u{E9}", "e\u{301}", "\u{10FFFF}", "\u{2028}", "\r\n", "\n", "\t", "\u{1B}[31m",
    "\\",
    "\\u", "\\ud800", "\\udc00\\ud800", "\"", "'", "{", "}", "[", "]", ":", ",", "-", "*", "&a ", "*a", "<<", "%", "{%",
    "%}", "{{",
    "}}", "null", "true", "false", "NaN", "Infinity", "-Infinity", "0", "-0", "-1", "1", "00", "1e308", "1e309",
    "-1e999",
    "1e-400", "0.1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616",
    "4294967296", "2147483648", "65536", "1000000000", "../", "/etc/passwd", "..", "\u{202E}",
  ]

  /// The next input: one to six changes to one of the seeds.
  mutating func next() -> [UInt8] {
    var bytes = seeds[below(seeds.count)]
    for _ in 0...below(6) { change(&bytes) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    let at = below(bytes.count + 1)
    let end = min(bytes.count, at + below(below(4) == 0 ? 400 : 12))
    switch below(14) {
    case 0: if at < bytes.count { bytes[at] ^= 1 << UInt8(below(8)) }
    case 1: if at < bytes.count { bytes[at] = UInt8(below(256)) }
    case 2: bytes.removeSubrange(at..<end)
    case 3: bytes.insert(contentsOf: Array(bytes[at..<end]), at: below(bytes.count + 1))
    case 4, 5, 6: bytes.insert(contentsOf: words[below(words.count)], at: at)
    case 7, 8: bytes.replaceSubrange(at..<end, with: words[below(words.count)])
    case 9: replaceNumber(&bytes, from: at)
    case 10: splice(&bytes, at: at)
    case 11: bytes.removeSubrange(at...)
    case 12: repeatPart(&bytes, at..<end)
    default: swapParts(&bytes)
    }
    if bytes.count > 1 << 20 { bytes.removeSubrange((1 << 20)...) }
  }

  /// Another number in the place of the first one behind `start`.
  private mutating func replaceNumber(_ bytes: inout [UInt8], from start: Int) {
    func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
    guard let first = bytes[start...].firstIndex(where: isDigit) else { return }
    let end = bytes[first...].firstIndex { !isDigit($0) } ?? bytes.count
    let numbers = words.filter { $0.last.map(isDigit) ?? false }
    bytes.replaceSubrange(first..<end, with: numbers[below(numbers.count)])
  }

  /// The start of one input with the end of another.
  private mutating func splice(_ bytes: inout [UInt8], at: Int) {
    let other = seeds[below(seeds.count)]
    bytes = Array(bytes[..<at]) + other[below(other.count + 1)...]
  }

  /// A part many times over: depth, length, equal keys.
  private mutating func repeatPart(_ bytes: inout [UInt8], _ range: Range<Int>) {
    let part = range.isEmpty ? words[below(words.count)] : Array(bytes[range])
    let count = below(8) == 0 ? 2000 : below(20)
    bytes.insert(contentsOf: Array(repeatElement(part, count: count).joined()), at: range.lowerBound)
  }

  private mutating func swapParts(_ bytes: inout [UInt8]) {
    let cuts = [below(bytes.count + 1), below(bytes.count + 1), below(bytes.count + 1)].sorted()
    bytes = Array(bytes[..<cuts[0]]) + bytes[cuts[1]..<cuts[2]] + bytes[cuts[0]..<cuts[1]] + bytes[cuts[2]...]
  }

  /// SplitMix64 (Steele et al. 2014).
  private mutating func below(_ limit: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int(((z ^ (z >> 31)) >> 11) % UInt64(max(1, limit)))
  }
}
