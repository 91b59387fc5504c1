import TestSupport
import Testing

@testable import RunFile

@Suite struct RunFileHostileInput {
  @Test func mutatedFilesAreReadOrRefused() throws {
    var generator = XorShift(state: 7)
    let pieces = [
      "[", "]", "{", "}", ":", "- ", "\n", "  ", "\t", "null", ".nan", "1e999", "&a", "*a", "<<: ", "!!binary ", "|\n",
      "'", "\"", "#", "?", "%", "\u{0}", "é", "\u{FEFF}", "---\n", "-1", "99999999999999999999",
    ]
    var refused = 0
    for _ in 0..<1_500 {
      var text = Array(contract)
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let at = Int.random(in: 0..<text.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: text.removeSubrange(at..<min(text.count, at + Int.random(in: 1...20, using: &generator)))
        case 1: text.insert(contentsOf: pieces.randomElement(using: &generator) ?? "", at: at)
        default: text.swapAt(at, Int.random(in: 0..<text.count, using: &generator))
        }
      }
      do {
        let file = try decode(String(text))
        #expect(try decode(file.yaml()) == file)
      } catch let error as RunFileError {
        refused += 1
        #expect(!error.description.contains("\n"))
      }
    }
    #expect(refused > 500)
  }

  /// Nine levels of nine aliases: 3.9e8 values if expanded.
  @Test func aliasesThatMultiplyAreRefusedAtOnce() {
    var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let aliases = [String](repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
      yaml += "a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect(
      throws: RunFileError(
        "RUN.yaml: line 2: YAML anchors and aliases (&name, *name) are not supported, write the value out")
    ) { try decode(yaml) }
  }

  @Test(arguments: [
    String(repeating: "- ", count: 100_000), String(repeating: "? ", count: 100_000),
    String(repeating: "{a: ", count: 50_000), String(repeating: "[", count: 200_000),
    (0..<600).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"),
  ])
  func deepNestingIsRefused(yaml: String) {
    #expect(throws: RunFileError.self) { try decode(yaml) }
  }
}
