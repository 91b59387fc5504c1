import Foundation

@testable import Text

/// `Tests/Fixtures/template/goldens.json`, made by transformers and jinja2 (`make_goldens.py` beside it).
struct TemplateGoldens: Decodable {
  struct Case: Decodable {
    var template: String
    var conversation: String
    var generation: Bool
    var expected: String?
    var error: String?
    var raised: Bool?
  }

  struct Snippet: Decodable {
    var source: String
    var variables: [Pair]
    var expected: String?
    var error: String?
    var raised: Bool?
  }

  var versions: String
  var tokens: [String: [String?]]
  var conversations: [String: Tagged]
  var cases: [Case]
  var snippets: [Snippet]

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/template")

  static func load(_ url: URL = folder.appendingPathComponent("goldens.json")) throws -> TemplateGoldens {
    try JSONDecoder().decode(TemplateGoldens.self, from: Data(contentsOf: url))
  }

  static func source(_ template: String) throws -> String {
    try String(contentsOf: folder.appendingPathComponent("templates/\(template).jinja"), encoding: .utf8)
  }

  /// 5 July 2024, 09:04:03: the date of the goldens.
  static let now = Date(timeIntervalSince1970: 1_720_170_243)
  static let utc = TimeZone(secondsFromGMT: 0) ?? .current
}

extension TemplateGoldens {
  /// A JSON value in which dicts keep their order and floats stay floats.
  struct Tagged: Decodable {
    var value: TemplateValue

    private enum Keys: String, CodingKey { case d, l, f }

    init(from decoder: any Swift.Decoder) throws {
      if let container = try? decoder.container(keyedBy: Keys.self) {
        if let pairs = try container.decodeIfPresent([Pair].self, forKey: .d) {
          value = .dict(pairs.map { .init($0.key, $0.value) })
        } else if let items = try container.decodeIfPresent([Tagged].self, forKey: .l) {
          value = .list(items.map(\.value))
        } else {
          value = .float(Double(try container.decode(String.self, forKey: .f)) ?? .nan)
        }
        return
      }
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        value = .none
      } else if let bool = try? container.decode(Bool.self) {
        value = .bool(bool)
      } else if let int = try? container.decode(Int.self) {
        value = .int(int)
      } else {
        value = .string(try container.decode(String.self))
      }
    }
  }

  /// `[key, value]`
  struct Pair: Decodable {
    var key: String
    var value: TemplateValue

    init(from decoder: any Swift.Decoder) throws {
      var container = try decoder.unkeyedContainer()
      key = try container.decode(String.self)
      value = try container.decode(Tagged.self).value
    }
  }
}
