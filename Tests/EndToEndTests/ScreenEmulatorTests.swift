import Testing

/// Hand-made sequences; each expectation follows from ECMA-48 or from xterm's control sequences document.
@Suite("the emulator that end-to-end tests look through")
struct ScreenEmulatorTests {
  private func shown(_ text: String, rows: Int = 4, columns: Int = 10) -> ScreenEmulator {
    var screen = ScreenEmulator(rows: rows, columns: columns)
    screen.feed(text.utf8)
    return screen
  }

  @Test func textWrapsOnlyWhenOneMoreCharacterComes() {
    // Ten characters fill the row; the cursor waits in the last column.
    #expect(shown("0123456789").cursor.column == 9)
    #expect(shown("0123456789").text == ["0123456789", "", "", ""])
    #expect(shown("0123456789\r\nx").text == ["0123456789", "x", "", ""])
    #expect(shown("0123456789x").text == ["0123456789", "x", "", ""])
    #expect(shown("\u{1b}[?7l0123456789x").text == ["012345678x", "", "", ""])
  }

  @Test func cursorMoves() {
    #expect(shown("\u{1b}[3;4Hx").text == ["", "", "   x", ""])
    #expect(shown("\u{1b}[Hx").text == ["x", "", "", ""])
    #expect(shown("\u{1b}[99;99Hx").text == ["", "", "", "         x"])
    // Down 2, right 3, up 1, left 2: row 1, column 1.
    #expect(shown("\u{1b}[2B\u{1b}[3C\u{1b}[A\u{1b}[2Dx").text == ["", " x", "", ""])
    #expect(shown("\u{1b}[3d\u{1b}[5Gx").text == ["", "", "    x", ""])
    #expect(shown("abc\u{8}x").text == ["abx", "", "", ""])
    #expect(shown("a\tb").text == ["a       b", "", "", ""])
    #expect(shown("a\t\u{1b}[Zb").text == ["b", "", "", ""])
    #expect(shown("\u{1b}[2;5H\u{1b}7\u{1b}[H\u{1b}8x").text == ["", "    x", "", ""])
  }

  @Test func erasing() {
    let full = "aaaaaaaaa\r\nbbbbbbbbb\r\nccccccccc\u{1b}[2;4H"
    #expect(shown(full + "\u{1b}[K").text == ["aaaaaaaaa", "bbb", "ccccccccc", ""])
    #expect(shown(full + "\u{1b}[1K").text == ["aaaaaaaaa", "    bbbbb", "ccccccccc", ""])
    #expect(shown(full + "\u{1b}[2K").text == ["aaaaaaaaa", "", "ccccccccc", ""])
    #expect(shown(full + "\u{1b}[J").text == ["aaaaaaaaa", "bbb", "", ""])
    #expect(shown(full + "\u{1b}[1J").text == ["", "    bbbbb", "ccccccccc", ""])
    #expect(shown(full + "\u{1b}[2J").text == ["", "", "", ""])
    #expect(shown(full + "\u{1b}[3X").text == ["aaaaaaaaa", "bbb   bbb", "ccccccccc", ""])
    // Erasing takes the present background.
    #expect(shown("\u{1b}[44m\u{1b}[K").cells[0][5] == .blank(.indexed(4)))
  }

  @Test func shifting() {
    #expect(shown("abcdef\u{1b}[3G\u{1b}[2@").text[0] == "ab  cdef")
    #expect(shown("abcdef\u{1b}[3G\u{1b}[2P").text[0] == "abef")
    #expect(shown("abcdef\u{1b}[3G\u{1b}[4hXY\u{1b}[4l").text[0] == "abXYcdef")
    let lines = "1\r\n2\r\n3\r\n4"
    #expect(shown(lines + "\u{1b}[2H\u{1b}[L").text == ["1", "", "2", "3"])
    #expect(shown(lines + "\u{1b}[2H\u{1b}[M").text == ["1", "3", "4", ""])
    #expect(shown(lines + "\u{1b}[S").text == ["2", "3", "4", ""])
    #expect(shown(lines + "\u{1b}[T").text == ["", "1", "2", "3"])
    #expect(shown(lines + "\n").text == ["2", "3", "4", ""])
    #expect(shown(lines + "\u{1b}[H\u{1b}M").text == ["", "1", "2", "3"])
  }

  @Test func scrollRegionKeepsWhatIsOutside() {
    let lines = "1\r\n2\r\n3\r\n4\u{1b}[2;3r"
    #expect(shown(lines + "\u{1b}[3;1H\nx").text == ["1", "3", "x", "4"])
    #expect(shown(lines + "\u{1b}[2;1H\u{1b}Mx").text == ["1", "x", "2", "4"])
    #expect(shown(lines + "\u{1b}[2;1H\u{1b}[5Mx").text == ["1", "x", "", "4"])
    // The cursor does not leave the region downwards, and the row below does not scroll.
    #expect(shown(lines + "\u{1b}[2;1H\u{1b}[9Bx").text == ["1", "2", "x", "4"])
    #expect(shown(lines + "\u{1b}[4;1H\nx").text == ["1", "2", "3", "x"])
  }

  @Test func repeatedCharacters() {
    #expect(shown("─\u{1b}[4bx").text[0] == "─────x")
  }

  @Test func lineDrawing() {
    #expect(shown("\u{1b}(0lqk\u{1b}(Bq").text[0] == "┌─┐q")
    #expect(shown("\u{1b})0\u{e}x\u{f}x").text[0] == "│x")
  }

  @Test func wideAndCombiningCharacters() {
    let screen = shown("日e\u{301}x")
    #expect(screen.text[0] == "日e\u{301}x")
    #expect(screen.cells[0][1].isRightHalf)
    #expect(screen.cells[0][3].text == "x")
    // A wide character that does not fit goes to the next row.
    #expect(shown("012345678日").text == ["012345678", "日", "", ""])
    // Overwriting one half blanks the other.
    #expect(shown("日本\u{1b}[2Gx").text[0] == " x本")
    #expect(shown("日本\u{1b}[1Gx").text[0] == "x 本")
    #expect(shown("日本\u{1b}[2G\u{1b}[P").text[0] == " 本")
    #expect(shown("👍🏻|").cells[0][4].text == "|")
  }

  @Test func styles() {
    let screen = shown("\u{1b}[1;38;5;208;48;5;17ma\u{1b}[22;39mb\u{1b}[7;91mc\u{1b}[mD")
    #expect(screen.cells[0][0].style == .init(bold: true, foreground: .indexed(208), background: .indexed(17)))
    #expect(screen.cells[0][1].style == .init(background: .indexed(17)))
    #expect(screen.cells[0][2].style == .init(reverse: true, foreground: .indexed(9), background: .indexed(17)))
    #expect(screen.cells[0][3].style == .init())
    #expect(shown("\u{1b}[38;2;1;2;3ma").cells[0][0].style.foreground == .rgb(1, 2, 3))
  }

  @Test func alternateScreenComesAndGoes() {
    var screen = shown("shell$ ")
    // A cursor that is saved there does not touch the one that was saved on the way in.
    screen.feed("\u{1b}[?1049h\u{1b}[22;0;0t\u{1b}[?25l\u{1b}[3;4H\u{1b}7\u{1b}[Hdrawn".utf8)
    #expect(screen.text[0] == "drawn")
    #expect(screen.isAlternate && !screen.isCursorVisible)
    screen.feed("\u{1b}[?1049l\u{1b}[23;0;0t\u{1b}[?25h".utf8)
    #expect(screen.text[0] == "shell$")
    #expect(!screen.isAlternate && screen.isCursorVisible)
    #expect(screen.cursor.column == 7)
    #expect(screen.unknown.isEmpty)
  }

  @Test func modesAndStrings() {
    let screen = shown(
      "\u{1b}[?1h\u{1b}=\u{1b}[?2004h\u{1b}]0;a title\u{7}x\u{1b}]52;c;YQ==\u{1b}\\y\u{1b}P+q\u{1b}\\z")
    #expect(screen.text[0] == "xyz")
    #expect(screen.modes == [1, 7, 2004])
    #expect(screen.isKeypadApplication)
    #expect(screen.unknown.isEmpty)
    #expect(shown("\u{1b}[5y").unknown == ["CSI 5y"])
  }

  @Test func sequencesArriveInPieces() {
    let text = "a\u{1b}[2;3H日\u{1b}[38;5;208mé\u{1b}]0;t\u{1b}\\\u{1b}[?2026h\u{1b}[?2026l"
    var pieces = ScreenEmulator(rows: 4, columns: 10)
    for byte in text.utf8 { pieces.feed([byte]) }
    #expect(pieces.cells == shown(text).cells)
    #expect(pieces.updates == 1)
    // A character is not settled before its last byte.
    var half = ScreenEmulator(rows: 1, columns: 4)
    half.feed([0xe6, 0x97])
    #expect(!half.isSettled)
    half.feed([0xa5])
    #expect(half.isSettled)
    #expect(half.text == ["日"])
  }

  @Test func malformedBytesBecomeReplacements() {
    var screen = ScreenEmulator(rows: 1, columns: 8)
    screen.feed([0xc0, 0x41, 0xe6, 0x41, 0xed, 0xa0, 0x80, 0x42])
    #expect(screen.text == ["\u{fffd}A\u{fffd}A\u{fffd}B"])
  }

  @Test func resizingKeepsTheCorner() {
    var screen = shown("0123456789\r\nabc")
    screen.resize(rows: 2, columns: 4)
    #expect(screen.text == ["0123", "abc"])
    #expect(screen.cursor.column == 3)
    screen.resize(rows: 3, columns: 6)
    #expect(screen.text == ["0123", "abc", ""])
  }
}
