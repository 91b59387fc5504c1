import Checkpoint
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import GGUF

/// The folder is whole or absent, and a model named by its file is imported once.
@Suite struct ImportFolderTests {
  private let folder: TemporaryFolder
  private let source: String

  init() throws {
    folder = try TemporaryFolder()
    source = folder.path + "/tiny.gguf"
    try FileManager.default.copyItem(
      atPath: GGUFFixtures.url("models/llama.gguf").path, toPath: source)
  }

  private func contents(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  @Test func writesOnce() throws {
    let target = folder.path + "/a/b"
    let shares = Mutex<[Double]>([])
    #expect(try GGUFImport(path: source).write(to: target) { share in shares.withLock { $0.append(share) } })
    let all = shares.withLock { $0 }
    #expect(all.last == 1 && all == all.sorted() && all.count > 10)
    #expect(
      try contents(target) == [
        ".gguf-import.json", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
      ])
    #expect(try contents(folder.path + "/a") == ["b"])
    // The same once more is no error and no work; another precision is another import.
    #expect(try !GGUFImport(path: source).write(to: target))
    let sentence = refusal { try GGUFImport(path: source, precision: .fp32).write(to: target) }
    #expect(sentence.contains("the folder is not empty"))
  }

  @Test func refusesOthersFolders() throws {
    let target = folder.path + "/full"
    try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
    #expect(try GGUFImport(path: source).write(to: target))
    try FileManager.default.removeItem(atPath: target + "/tokenizer.json")
    #expect(refusal { try GGUFImport(path: source).write(to: target) }.contains("the folder is not empty"))
    #expect(refusal { try GGUFImport(path: source).write(to: source) }.contains("it is a file"))
  }

  private struct Stopped: Error {}

  /// Stopping midway leaves nothing, and what a killed process left is removed by the next.
  @Test func leavesNothingHalf() throws {
    let target = folder.path + "/stopped"
    #expect(throws: Stopped.self) {
      try GGUFImport(path: source).write(to: target) { if $0 > 0.5 { throw Stopped() } }
    }
    #expect(try contents(folder.path) == ["tiny.gguf"])
    // No process has this number (it is beyond the system's largest).
    let leftover = folder.path + "/.stopped.99999999.partial"
    try FileManager.default.createDirectory(atPath: leftover, withIntermediateDirectories: true)
    try GGUFImport(path: source).write(to: target)
    #expect(try contents(folder.path) == ["stopped", "tiny.gguf"])
  }

  @Test func cache() throws {
    let cache = URL(fileURLWithPath: folder.path + "/cache")
    let reports = Mutex(0)
    func open(_ path: String) throws -> String {
      try ModelSource.folder(for: path, cache: cache) { _ in reports.withLock { $0 += 1 } }
    }
    let first = try open(source)
    #expect(first.hasPrefix(cache.path + "/tiny-"))
    #expect(try CheckpointFolder(path: first).configuration.modelType == "llama")
    #expect(reports.withLock { $0 } > 1)
    reports.withLock { $0 = 0 }
    #expect(try open(source) == first)
    #expect(reports.withLock { $0 } == 0)
    // A file that was written anew is another one.
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: source)
    let second = try open(source)
    #expect(second != first)
    // A folder that somebody has emptied is made again.
    try FileManager.default.removeItem(atPath: second + "/model.safetensors")
    #expect(try open(source) == second)
    #expect(try CheckpointFolder(path: second).hasTensor("lm_head.weight"))
  }

  @Test func whatIsAModel() throws {
    #expect(ModelSource.ggufFile(at: source) == source)
    // A folder with one file and no config.json is that file.
    #expect(ModelSource.ggufFile(at: folder.path) == folder.path + "/tiny.gguf")
    try Data().write(to: URL(fileURLWithPath: folder.path + "/config.json"))
    #expect(ModelSource.ggufFile(at: folder.path) == nil)
    try FileManager.default.removeItem(atPath: folder.path + "/config.json")
    try FileManager.default.copyItem(atPath: source, toPath: folder.path + "/other.GGUF")
    #expect(ModelSource.ggufFile(at: folder.path) == nil)
    // By its first bytes, whatever it is called; a name alone is enough to be told that there is no such file.
    try FileManager.default.copyItem(atPath: source, toPath: folder.path + "/blob")
    #expect(ModelSource.ggufFile(at: folder.path + "/blob") == folder.path + "/blob")
    #expect(refusal { try ModelSource.folder(for: "/nowhere/x.gguf") }.contains("/nowhere/x.gguf cannot be read"))
    #expect(ModelSource.ggufFile(at: "/nowhere/x") == nil)
  }
}
