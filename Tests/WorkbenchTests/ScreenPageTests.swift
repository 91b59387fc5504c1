import Foundation
import Testing

@testable import WorkbenchScreen

/// docs/screen.md has the binding table, row by row.
@Suite struct ScreenPageTests {
  @Test(arguments: KeyContext.allCases) func hasEveryBinding(context: KeyContext) throws {
    var root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    while root.path != "/", !FileManager.default.fileExists(atPath: root.appendingPathComponent("docs/screen.md").path)
    {
      root.deleteLastPathComponent()
    }
    let text = try String(contentsOf: root.appendingPathComponent("docs/screen.md"), encoding: .utf8)
    let parts = text.components(separatedBy: "\n### ")
    let section = try #require(parts.first { $0.hasPrefix(context.rawValue + "\n") }, "no section \(context.rawValue)")
    let page = Set(section.components(separatedBy: "\n").filter { $0.hasPrefix("| `") })
    let table = Set(
      Binding.table.filter { $0.contexts.contains(context) }.map { binding in
        "| " + binding.keys.map { "`\($0.name)`" }.joined(separator: ", ") + " | \(binding.help) |"
      })
    #expect(table.subtracting(page).isEmpty, "missing on the page")
    #expect(page.subtracting(table).isEmpty, "on the page only")
  }

  @Test func namesEveryTab() throws {
    var root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    while root.path != "/", !FileManager.default.fileExists(atPath: root.appendingPathComponent("docs/screen.md").path)
    {
      root.deleteLastPathComponent()
    }
    let text = try String(contentsOf: root.appendingPathComponent("docs/screen.md"), encoding: .utf8)
    for page in WorkbenchScreen.Page.allCases {
      #expect(text.contains("| `\(page.rawValue)` \(page.title) |"), "\(page.title)")
    }
  }
}
