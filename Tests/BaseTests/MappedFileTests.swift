import Foundation
import TestSupport
import Testing

@testable import Base

@Suite struct MappedFileTests {
  private static func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  @Test func refusesWhatIsNoRegularFile() throws {
    let folder = try TemporaryFolder()
    try Self.write([], to: "\(folder.path)/empty")
    #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0)
    let expected = [
      ("absent", "No such file or directory"), ("empty", "it is empty"), ("pipe", "it is not a regular file"),
      ("", "it is a folder"),
    ]
    for (name, reason) in expected {
      let path = name.isEmpty ? folder.path : "\(folder.path)/\(name)"
      #expect(throws: MappedFileError(path: path, reason: reason)) { try MappedFile(path: path) }
    }
    #expect(throws: MappedFileError(path: "/dev/null", reason: "it is not a regular file")) {
      try MappedFile(path: "/dev/null")
    }
  }

  @Test func noticesAShrunkFile() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/x"
    try Self.write([UInt8](repeating: 7, count: 10_000), to: path)
    let file = try MappedFile(path: path)
    #expect(try file.bytes(in: 9990..<10_000).allSatisfy { $0 == 7 })
    #expect(truncate(path, 100) == 0)
    #expect(throws: MappedFileError(path: path, reason: "it was cut short while it was open")) {
      try file.bytes(in: 9990..<10_000)
    }
    #expect(try file.bytes(in: 0..<100).count == 100)
  }

  @Test func slicesStayInside() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/x"
    try Self.write([1, 0, 2, 0, 3], to: path)
    let file = try MappedFile(path: path)
    #expect(throws: MappedFileError.self) { try file.bytes(in: 0..<6) }
    #expect(throws: MappedFileError.self) { try file.bytes(in: -1..<2) }
    let slice = try file.slice(0..<5)
    #expect(slice.integers(UInt16.self) == [1, 2])
    #expect(slice.integers(UInt16.self, 1..<9) == [2])
    #expect(slice.integers(UInt16.self, 7..<9) == [])
    #expect(throws: MappedFileError.self) { try slice.slice(4..<6) }
    #expect(try slice.slice(1..<5).aligned(to: 8).integers(UInt8.self) == [0, 2, 0, 3])
    #expect(try slice.slice(1..<5).aligned(to: 8).isAligned(to: 8))
  }
}
