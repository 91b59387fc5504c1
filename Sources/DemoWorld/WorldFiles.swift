import Foundation

/// The world's texts as the lines of its files.
public enum WorldFiles {
  private struct Message: Codable {
    let role: String
    let content: String
  }

  private struct RankedLine: Codable {
    let prompt: [Message]
    let responses: [String]
    let rewards: [Double]
  }

  private struct ExchangeLine: Codable {
    let prompt: String
    let answer: String
  }

  /// Canonical ranked rows: `{"prompt": [messages], "responses": [text], "rewards": [number]}`, one a line.
  public static func lines(of rows: [WorldGenerator.RankedRow]) throws -> String {
    try encode(
      rows.map {
        RankedLine(
          prompt: [Message(role: "user", content: $0.prompt)], responses: $0.responses, rewards: $0.rewards)
      })
  }

  /// `{"answer": text, "prompt": text}`, one a line.
  public static func lines(of exchanges: [WorldGenerator.Exchange]) throws -> String {
    try encode(exchanges.map { ExchangeLine(prompt: $0.prompt, answer: $0.answer) })
  }

  /// Reads what `lines(of:)` wrote for exchanges; throws `WorldFileError` naming the first bad line.
  public static func exchanges(in text: String) throws -> [WorldGenerator.Exchange] {
    try text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { number, line in
      if line.allSatisfy(\.isWhitespace) { return nil }
      guard let read = try? JSONDecoder().decode(ExchangeLine.self, from: Data(line.utf8)) else {
        throw WorldFileError(description: "line \(number + 1) is not {\"prompt\": text, \"answer\": text}")
      }
      return .init(prompt: read.prompt, answer: read.answer)
    }
  }

  private static func encode(_ lines: [some Encodable]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try lines.map { String(decoding: try encoder.encode($0), as: UTF8.self) + "\n" }.joined()
  }
}

/// A file of the world that cannot be read, in one sentence.
public struct WorldFileError: Error, CustomStringConvertible {
  public let description: String
}
