import Foundation

/// Where the package and its fixtures lie.
package enum TestPackage {
  /// Tests/TestSupport/TestPackage.swift is two folders below it. Symbolic links are resolved, so that the tests also
  /// run from a package that links to this folder.
  package static let root: URL = {
    var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url
  }()

  /// - Parameter name: relative to Tests/Fixtures.
  package static func fixture(_ name: String) -> URL {
    root.appendingPathComponent("Tests/Fixtures").appendingPathComponent(name)
  }
}
