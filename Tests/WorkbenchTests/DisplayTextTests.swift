import Testing

@testable import WorkbenchScreen

struct DisplayTextTests {
  @Test func widthsAreTheTerminals() {
    #expect(DisplayText.width("abc") == 3)
    #expect(DisplayText.width("日本") == 4)
    #expect(DisplayText.width("🍚") == 2)
    // e with a combining acute: one column.
    #expect(DisplayText.width("e\u{301}") == 1)
    // Woman, joiner, rocket: two glyphs of two columns on every terminal, since the joiner is left out.
    #expect(DisplayText.width("👩\u{200D}🚀") == 4)
    #expect(DisplayText.width("⚠\u{FE0F}") == DisplayText.width("⚠"))
  }

  /// Nothing that a terminal could take for a command is left of hostile text.
  @Test func hostileTextIsHarmless() {
    let hostile =
      "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\r\n\t\u{7f}\u{202E}evil\u{2066}\u{0}"
      + String(repeating: "\u{301}", count: 500)
    let fitted = DisplayText.clusters(hostile, columns: 200)
    for cluster in fitted.clusters {
      #expect(cluster.glyph.unicodeScalars.count <= 3)
      for scalar in cluster.glyph.unicodeScalars {
        #expect(scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value))
        #expect(!(0x202A...0x202E).contains(scalar.value) && !(0x2066...0x2069).contains(scalar.value))
      }
    }
    let shown = String(fitted.clusters.map(\.glyph))
    #expect(shown.contains("␛") && shown.contains("\\x9b") && shown.contains("evil"))
  }

  @Test func cutsAtColumnsNotInside() {
    let fitted = DisplayText.clusters("日本語", columns: 5)
    #expect(fitted.columns == 4)
    #expect(fitted.cut)
    #expect(DisplayText.pad("日本", to: 5) == "日本 ")
    #expect(DisplayText.pad("abc", to: 2) == "ab")
    #expect(DisplayText.pad("7", to: 3, alignRight: true) == "  7")
  }

  @Test func wraps() {
    #expect(DisplayText.wrap("one two three", columns: 7, lines: 9).lines == ["one two", "three"])
    #expect(DisplayText.wrap("abcdefgh", columns: 3, lines: 9).lines == ["abc", "def", "gh"])
    #expect(DisplayText.wrap("a\n\nb", columns: 9, lines: 9).lines == ["a", "", "b"])
    #expect(DisplayText.wrap("a b c d", columns: 1, lines: 2).lines == ["a", "b"])
    #expect(DisplayText.wrap("a b c d", columns: 1, lines: 2).cut)
    // A glyph wider than the line must not make it go on for ever.
    #expect(DisplayText.wrap("日本", columns: 1, lines: 9).lines.count == 2)
  }

  @Test func wideGlyphsNeverLeaveHalves() {
    var grid = CellGrid(Size(6, 1))
    grid.write("日本語", .text, x: 0, y: 0)
    grid.put("x", .text, x: 1, y: 0)
    #expect(grid.text == " x本語\n")
    grid.put("y", .text, x: 2, y: 0)
    #expect(grid.text == " xy 語\n")
    grid.write("語", .text, x: 5, y: 0)
    #expect(grid.cells.reduce(0) { $0 + Int($1.width) } == 6)
    // Beyond the edges nothing happens.
    grid.write("abc", .text, x: -1, y: 0)
    grid.write("abc", .text, x: 0, y: 7)
    grid.put("z", .text, x: 6, y: 0)
    #expect(grid.cells.count == 6)
  }

  /// Any writing of any text leaves a row of exactly its width.
  @Test func rowsStayAligned() {
    let pieces = ["a", "日", "🍚", "e\u{301}", "\u{1b}", "👩\u{200D}🚀", "\u{9b}", "कि", "🇩🇪", "한국"]
    var numbers = SampleRun.Numbers(state: 5)
    for _ in 0..<300 {
      var grid = CellGrid(Size(12, 1))
      for _ in 0..<4 {
        let text = (0..<5).map { _ in pieces[Int(numbers.uniform() * Double(pieces.count))] }.joined()
        grid.write(
          text, .text, x: Int(numbers.uniform() * 12), y: 0, limit: Int(numbers.uniform() * 9), ellipsis: "…")
      }
      #expect(grid.cells.reduce(0) { $0 + Int($1.width) } == 12)
    }
  }
}
