import Foundation
import Yams

/// Reads a theme from YAML: `name`, `ground: dark|light`, `background: 0…255`, `colours: {role: 0…255}`.
public enum ThemeFile {
  public struct Problem: Error, Equatable, CustomStringConvertible {
    public var description: String

    /// Names come from the file; its control characters must not reach the terminal.
    init(description: String) {
      self.description = String(
        String.UnicodeScalarView(
          description.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
    }
  }

  private struct Document: Decodable {
    var name: String
    var ground: String
    var background: Int
    var colours: [String: Int]
  }

  /// Roles that the file leaves out are taken from the built-in theme.
  /// - Throws: `Problem` with the file's name, the key and what is allowed.
  public static func parse(_ text: String, file: String) throws -> Theme {
    guard text.utf8.count <= 100_000 else { throw Problem(description: "\(file): too large for a theme") }
    let document: Document
    do {
      document = try YAMLDecoder().decode(Document.self, from: text)
    } catch let error as DecodingError {
      throw Problem(description: "\(file): \(words(error))")
    } catch {
      throw Problem(description: "\(file): not valid YAML")
    }
    guard let ground = Theme.Ground(rawValue: document.ground) else {
      throw Problem(description: "\(file): ground: \"\(document.ground)\" is neither dark nor light")
    }
    func index(_ value: Int, _ key: String) throws -> UInt8 {
      guard let index = UInt8(exactly: value) else {
        throw Problem(description: "\(file): \(key): \(value) is not a colour index from 0 to 255")
      }
      return index
    }
    var colours: [Role: UInt8] = [:]
    for (name, value) in document.colours.sorted(by: { $0.key < $1.key }) {
      guard let role = Role(rawValue: name) else {
        throw Problem(description: "\(file): colours.\(name): no such role")
      }
      colours[role] = try index(value, "colours.\(name)")
    }
    return Theme(
      name: document.name, ground: ground, background: try index(document.background, "background"), colours: colours)
  }

  private static func words(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): "\(key.stringValue): is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\(context.codingPath.map(\.stringValue).joined(separator: ".")): not of the right kind"
    case .dataCorrupted: "not valid YAML"
    @unknown default: "not a theme"
    }
  }

  /// The theme called `name`: built in, or NAME.yaml in the first of `folders` that has it, or the file at that path.
  public static func find(_ name: String, folders: [URL]) throws -> Theme {
    if name == Theme.standard.name { return .standard }
    if name.hasSuffix(".yaml") || name.contains("/") {
      guard let text = try? String(contentsOf: URL(fileURLWithPath: name), encoding: .utf8) else {
        throw Problem(description: "theme: \(name) cannot be read")
      }
      return try parse(text, file: name)
    }
    for folder in folders {
      let file = folder.appendingPathComponent(name + ".yaml")
      guard let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
      return try parse(text, file: file.lastPathComponent)
    }
    let known = ([Theme.standard.name] + names(folders)).sorted().joined(separator: ", ")
    throw Problem(description: "theme: no theme \"\(name)\"; there are: \(known)")
  }

  /// The themes in `folders`, by name; without the built-in one.
  public static func names(_ folders: [URL]) -> [String] {
    let files = folders.flatMap {
      (try? FileManager.default.contentsOfDirectory(
        at: $0.resolvingSymlinksInPath(), includingPropertiesForKeys: nil)) ?? []
    }
    let found = files.filter { $0.pathExtension == "yaml" }.map { $0.deletingPathExtension().lastPathComponent }
    return Set(found).subtracting([Theme.standard.name]).sorted()
  }
}
