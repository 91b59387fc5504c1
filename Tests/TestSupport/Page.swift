import Foundation

/// A page of the documentation, taken apart as far as the tests need it.
package struct Page {
  package let name: String
  package let text: String

  /// - Parameter name: relative to the package, such as `docs/run-file.md`.
  package init(_ name: String) throws {
    self.name = name
    text = try String(contentsOf: TestPackage.root.appendingPathComponent(name), encoding: .utf8)
  }

  package static let names =
    ["README.md", "sessions/README.md"]
    + ["commands", "run-file", "data-formats", "screen", "objectives", "models", "SESSION"].map { "docs/\($0).md" }

  private var lines: [String] { text.components(separatedBy: "\n") }

  /// Fenced blocks of one language.
  package func blocks(_ language: String) -> [String] { Page.blocks(language, in: lines) }

  /// The lines below the heading whose text is `title`, down to the next heading.
  package func section(_ title: String) -> Section? {
    guard let start = lines.firstIndex(where: { $0.hasPrefix("#") && $0.drop { $0 == "#" }.dropFirst() == title })
    else { return nil }
    var body: [String] = []
    var isFenced = false
    for line in lines[(start + 1)...] {
      if line.hasPrefix("```") { isFenced.toggle() }
      if !isFenced, line.hasPrefix("#") { break }
      body.append(line)
    }
    return Section(lines: body)
  }

  package struct Section {
    package let lines: [String]

    /// The cells of every table row, code marks taken off. `\|` is not a cell's end.
    package var rows: [[String]] {
      lines.filter { $0.hasPrefix("| ") }.map { line in
        line.replacing("\\|", with: "\u{1}").split(separator: "|").map {
          $0.trimmingCharacters(in: .whitespaces).replacing("\u{1}", with: "|").replacing("`", with: "")
        }
      }
    }

    package func blocks(_ language: String) -> [String] { Page.blocks(language, in: lines) }
  }

  private static func blocks(_ language: String, in lines: [String]) -> [String] {
    var blocks: [String] = []
    var open: (isWanted: Bool, lines: [String])?
    for line in lines {
      guard line.hasPrefix("```") else {
        open?.lines.append(line)
        continue
      }
      if let block = open {
        if block.isWanted { blocks.append(block.lines.joined(separator: "\n")) }
        open = nil
      } else {
        open = (line == "```\(language)", [])
      }
    }
    return blocks
  }

  /// Targets of the links that stay within the repository, without anchors.
  package var localLinks: [String] {
    text.matches(of: /\]\(([^)]+)\)/).compactMap { match in
      let target = match.1.split(separator: "#", omittingEmptySubsequences: false).first.map(String.init) ?? ""
      return target.isEmpty || target.contains("://") ? nil : target
    }
  }
}
