/// The boxes drawn on a screen, found by their corners as a person's eye finds them.
extension ScreenEmulator {
  struct Panel: Equatable {
    /// What is written in the top border.
    var title: String
    /// The rows between the borders, without the upright lines.
    var rows: [String]
  }

  /// Every complete box, from the top left on. A box whose border has a gap is not found.
  var panels: [Panel] {
    var found: [Panel] = []
    for row in 0..<rows {
      for column in 0..<columns where cells[row][column].text == "╭" {
        if let panel = panel(row, column) { found.append(panel) }
      }
    }
    return found
  }

  /// Top left corners, whether their box is complete or not.
  var corners: Int { cells.joined().count { $0.text == "╭" } }

  func panel(_ title: String) -> Panel? { panels.first { $0.title.contains(title) } }

  private func panel(_ row: Int, _ column: Int) -> Panel? {
    // A title can hold anything but a corner.
    guard let right = (column + 1..<columns).first(where: { cells[row][$0].text == "╮" }),
      let bottom = (row + 1..<rows).first(where: { cells[$0][column].text == "╰" }), cells[bottom][right].text == "╯"
    else { return nil }
    var inside: [String] = []
    for line in row + 1..<bottom {
      guard cells[line][column].text == "│", cells[line][right].text == "│" else { return nil }
      inside.append(cells[line][column + 1..<right].map(\.text).joined())
    }
    return Panel(title: cells[row][column + 1..<right].map(\.text).joined(), rows: inside)
  }
}
