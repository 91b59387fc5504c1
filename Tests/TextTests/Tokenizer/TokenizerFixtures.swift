import Foundation
import JSON

@testable import Text

/// The files under Tests/Fixtures/tokenizer, made by make_fixtures.py there from HF tokenizers. WORKBENCH_TOKENIZER_FIXTURES
/// may name another folder that the script filled (with more texts).
enum TokenizerFixtures {
  static let names = ["gpt2", "llama3", "qwen2", "smollm2", "llama2", "mistral", "gemma", "o200k", "holes", "other"]

  private static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["WORKBENCH_TOKENIZER_FIXTURES"] {
      return URL(fileURLWithPath: path, isDirectory: true)
    }
    return (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
      .appendingPathComponent("Fixtures/tokenizer", isDirectory: true)
  }()

  /// What HF's tokenizer makes of the texts and of random ids.
  struct Golden: Decodable {
    var before: [Int32]
    var ids: [[Int32]]
    /// Nil where the text comes back unchanged.
    var decoded: [String?]
    /// With special tokens; nil where that makes no difference.
    var withSpecial: [String?]
    var randomIDs: [[Int32]]
    var randomDecoded: [String]
  }

  static func data(_ file: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(file)) }

  static func texts() throws -> [String] { try JSONDecoder().decode([String].self, from: data("texts.json")) }

  static func golden(_ name: String) throws -> Golden {
    try JSONDecoder().decode(Golden.self, from: data("\(name).golden.json"))
  }

  static func tokenizer(_ name: String) throws -> Tokenizer {
    try Tokenizer(json: data("\(name).tokenizer.json"), file: "tokenizer.json")
  }

  static func components() throws -> JSONObject {
    try JSONValue(parsing: [UInt8](data("components.json"))).object ?? JSONObject()
  }

  /// The smallest file that loads, with what is given in place of its own.
  static func file(vocabulary: [String] = ["a"], model: String = "", merges: String = "", rest: String = "") -> String {
    let entries = vocabulary.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
    return """
      {"model": {"type": "BPE", \(model) "vocab": {\(entries)}, "merges": [\(merges)]} \(rest.isEmpty ? "" : ", " + rest)}
      """
  }

  static func tokenizer(json: String) throws -> Tokenizer {
    try Tokenizer(json: Data(json.utf8), file: "tokenizer.json")
  }
}

/// Swift compares strings by canonical equivalence; here each code point counts.
func sameText(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
