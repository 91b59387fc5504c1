import ArgumentParser
import Foundation
import WorkbenchScreen

/// How the screen looks.
struct AppearanceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A theme: dark, light, colour-blind, or the path of a theme file.", valueName: "name"))
  var theme: String?

  @Option(help: "braille, blocks or ascii; chosen for the terminal by default.")
  var glyphs: GlyphTier?

  func options() throws -> ScreenOptions { try Self.options(theme: theme, glyphs: glyphs) }

  /// - Parameter theme: a name or a path; nil for the built-in theme.
  static func options(theme: String?, glyphs: GlyphTier?) throws -> ScreenOptions {
    let folders = themeFolders()
    let chosen = try theme.map { try ThemeFile.find($0, folders: folders) } ?? .standard
    // A theme file with a mistake is told about when somebody asks for it by name.
    let others = ThemeFile.names(folders).compactMap { try? ThemeFile.find($0, folders: folders) }
    let themes = [chosen] + ([.standard] + others).filter { $0.name != chosen.name }
    return ScreenOptions(theme: chosen, themes: themes, glyphs: glyphs)
  }

  /// The user's themes first, then those that come with the program: a `themes` folder beside it or above it.
  private static func themeFolders() -> [URL] {
    var folders = [
      FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".config/workbench/themes"),
      URL(fileURLWithPath: "themes"),
    ]
    var folder = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent()
    for _ in 0..<4 {
      guard let here = folder else { break }
      folders.append(here.appendingPathComponent("themes"))
      folder = here.deletingLastPathComponent()
    }
    return folders
  }
}

extension GlyphTier: ExpressibleByArgument {}
