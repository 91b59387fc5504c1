import Foundation
import Testing

@testable import WorkbenchScreen

/// docs/screen.md has the binding table, row by row. WORKBENCH_REGENERATE_GOLDENS=1 writes the tables anew.
@Suite(.serialized) struct ScreenPageTests {
  private static let file: URL = {
    var root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    while root.path != "/", !FileManager.default.fileExists(atPath: root.appendingPathComponent("docs/screen.md").path)
    {
      root.deleteLastPathComponent()
    }
    return root.appendingPathComponent("docs/screen.md")
  }()

  private static func rows(_ context: KeyContext) -> [String] {
    Binding.table.filter { $0.contexts.contains(context) }.map { binding in
      "| " + binding.keys.map { "`\($0.name)`" }.joined(separator: ", ") + " | \(binding.help) |"
    }
  }

  @Test(arguments: KeyContext.allCases) func hasEveryBinding(context: KeyContext) throws {
    var text = try String(contentsOf: Self.file, encoding: .utf8)
    var parts = text.components(separatedBy: "\n### ")
    let place = try #require(
      parts.firstIndex { $0.hasPrefix(context.rawValue + "\n") }, "no section \(context.rawValue)")
    let table = Self.rows(context)
    if ProcessInfo.processInfo.environment["WORKBENCH_REGENERATE_GOLDENS"] == "1" {
      var lines = parts[place].components(separatedBy: "\n")
      let head = try #require(lines.firstIndex(of: "| keys | do |"), "no table in \(context.rawValue)")
      let end = lines[(head + 2)...].firstIndex { !$0.hasPrefix("| ") } ?? lines.endIndex
      lines.replaceSubrange(head + 2..<end, with: table)
      parts[place] = lines.joined(separator: "\n")
      text = parts.joined(separator: "\n### ")
      try Data(text.utf8).write(to: Self.file)
      return
    }
    let page = parts[place].components(separatedBy: "\n").filter { $0.hasPrefix("| `") }
    #expect(page == table)
  }

  static func text() throws -> String { try String(contentsOf: file, encoding: .utf8) }

  @Test func namesEveryTab() throws {
    let text = try String(contentsOf: Self.file, encoding: .utf8)
    for page in WorkbenchScreen.Page.allCases {
      #expect(text.contains("| `\(page.rawValue)` \(page.title) |"), "\(page.title)")
    }
  }
}
