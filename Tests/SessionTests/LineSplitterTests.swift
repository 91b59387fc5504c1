import Session
import Testing

@Suite struct LineSplitterTests {
  private static func pieces(_ text: String, limit: Int, chunk: Int) -> [LineSplitter.Piece] {
    var splitter = LineSplitter(limit: limit)
    let bytes = Array(text.utf8)
    var pieces: [LineSplitter.Piece] = []
    for start in stride(from: 0, to: bytes.count, by: chunk) {
      pieces += splitter.take(bytes[start..<min(start + chunk, bytes.count)])
    }
    if let rest = splitter.end() { pieces.append(rest) }
    return pieces
  }

  /// However the bytes arrive, the lines are the same.
  @Test(arguments: [1, 2, 3, 7, 100]) func chunksDoNotMatter(chunk: Int) {
    #expect(
      Self.pieces("one\n\nzwei µ\nend", limit: 10, chunk: chunk) == [
        .line("one"), .line(""), .line("zwei µ"), .line("end"),
      ])
    #expect(Self.pieces("one\n", limit: 3, chunk: chunk) == [.line("one")])
    #expect(
      Self.pieces("four\nab\n" + String(repeating: "x", count: 50) + "\nc\nlong again", limit: 3, chunk: chunk) == [
        .tooLong, .line("ab"), .tooLong, .line("c"), .tooLong,
      ])
  }

  /// A line without end is told about when the limit is passed, not when its end comes, and is not told about again.
  @Test func aLineWithoutEndIsToldAtOnce() {
    var splitter = LineSplitter(limit: 8)
    let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 5)[...]
    #expect(splitter.take(bytes) == [])
    #expect(splitter.take(bytes) == [.tooLong])
    for _ in 0..<100 { #expect(splitter.take(bytes) == []) }
    #expect(splitter.end() == nil)
    #expect(splitter.take(Array("y\nnext\n".utf8)[...]) == [.line("next")])
  }
}
