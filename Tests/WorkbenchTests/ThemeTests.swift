import Foundation
import Testing

@testable import WorkbenchScreen

struct ThemeTests {
  private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("themes")

  @Test func builtInThemeIsDarkYAML() throws {
    let file = folder.appendingPathComponent("dark.yaml")
    #expect(try ThemeFile.parse(String(contentsOf: file, encoding: .utf8), file: "dark.yaml") == .standard)
  }

  @Test(arguments: ["dark", "light", "colour-blind"])
  func themesAreComplete(_ name: String) throws {
    let theme = try ThemeFile.parse(
      String(contentsOf: folder.appendingPathComponent(name + ".yaml"), encoding: .utf8), file: name)
    #expect(theme.name == name)
    for role in Role.allCases {
      let index = try #require(theme.colours[role], "\(name): \(role)")
      #expect(index >= 16, "\(name): \(role) is one of the 16 that each terminal defines for itself")
      // The painted ground must let every role be seen: WCAG's contrast ratio.
      let least = [Role.faint, .border, .raw, .band, .selection].contains(role) ? 1.1 : 2.7
      #expect(contrast(index, theme.background) >= least, "\(name): \(role) \(contrast(index, theme.background))")
    }
    // Text stays readable on a selected row.
    #expect(contrast(theme.colour(.text), theme.colour(.selection)) >= 4.5)
  }

  private func contrast(_ first: UInt8, _ second: UInt8) -> Double {
    func luminance(_ index: UInt8) -> Double {
      let (red, green, blue) = Palette.rgb(index)
      let linear = [red, green, blue].map { value -> Double in
        let share = Double(value) / 255
        return share <= 0.03928 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
      }
      return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }
    let (bright, dark) = (max(luminance(first), luminance(second)), min(luminance(first), luminance(second)))
    return (bright + 0.05) / (dark + 0.05)
  }

  @Test(arguments: [
    ("name: [", "t.yaml: not valid YAML"),
    ("ground: dark", "t.yaml: name: is missing"),
    ("{name: x, ground: pink, background: 1, colours: {}}", "t.yaml: ground: \"pink\" is neither dark nor light"),
    (
      "{name: x, ground: dark, background: 999, colours: {}}",
      "t.yaml: background: 999 is not a colour index from 0 to 255"
    ),
    ("{name: x, ground: dark, background: 1, colours: {txt: 3}}", "t.yaml: colours.txt: no such role"),
    (
      "{name: x, ground: dark, background: 1, colours: {text: -3}}",
      "t.yaml: colours.text: -3 is not a colour index from 0 to 255"
    ),
  ])
  func badThemesAreRefusedInOneSentence(_ text: String, _ words: String) {
    do {
      _ = try ThemeFile.parse(text, file: "t.yaml")
      Issue.record("accepted")
    } catch {
      #expect("\(error)" == words)
    }
  }

  @Test func unknownThemesListTheKnown() throws {
    #expect(try ThemeFile.find("dark", folders: []) == .standard)
    #expect(try ThemeFile.find("light", folders: [folder]).ground == .light)
    do {
      _ = try ThemeFile.find("pink", folders: [folder])
      Issue.record("found")
    } catch {
      #expect("\(error)" == "theme: no theme \"pink\"; there are: colour-blind, dark, light")
    }
  }

  @Test func coloursFallBack() {
    #expect(ColourDepth.of(terminal: 256, environment: [:]) == .full)
    #expect(ColourDepth.of(terminal: 8, environment: [:]) == .sixteen)
    #expect(ColourDepth.of(terminal: 0, environment: [:]) == .monochrome)
    #expect(ColourDepth.of(terminal: 256, environment: ["NO_COLOR": "1"]) == .monochrome)
    #expect(ColourDepth.of(terminal: 256, environment: ["NO_COLOR": ""]) == .full)
    // Greys to greys, and a muted green stays a green.
    #expect(Palette.sixteen(245) == 8)
    #expect(Palette.sixteen(71) == 2 || Palette.sixteen(71) == 10)
    #expect(Palette.sixteen(203) == 9)
    // With 8 colours a grey is the terminal's own colour, dimmed; it must never be black on black.
    for role in Role.allCases {
      let ink = Ink(Style(role), .standard, depth: .sixteen, colours: 8, painted: nil)
      #expect(ink.foreground != 0 && ink.foreground < 8)
    }
  }

  @Test func groundIsPaintedWhereItDiffers() throws {
    let light = try ThemeFile.find("light", folders: [folder])
    #expect(light.painted(over: nil) == 231)
    #expect(light.painted(over: .light) == nil)
    #expect(Theme.standard.painted(over: nil) == nil)
    #expect(Theme.standard.painted(over: .light) == 234)
    #expect(TerminalGround.of(environment: ["COLORFGBG": "0;15"]) == .light)
    #expect(TerminalGround.of(environment: ["COLORFGBG": "15;0"]) == .dark)
    #expect(TerminalGround.of(environment: ["COLORFGBG": "x"]) == nil)
  }
}
