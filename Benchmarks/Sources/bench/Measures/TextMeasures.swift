import Foundation
import PreferenceData
import SpeedMeasurement
import Text

extension Catalogue {
  static let tokenizer = Measure(
    name: "tokenizer", summary: "the model's tokenizer on the data's texts, one thread"
  ) { setting in
    let text = try TextFolder(path: setting.modelFolder())
    let (texts, source) = try Texts.read(setting)
    let bytes = Double(texts.reduce(0) { $0 + $1.utf8.count })
    var speeds: [Double] = []
    var tokens = 0
    var sum = Checksum()
    for round in 0..<setting.rounds(5) {
      tokens = 0
      let time = seconds {
        for text_ in texts {
          let ids = text.encode(text_, addSpecialTokens: false)
          tokens += ids.count
          if round == 0 { sum.add(ids) }
        }
      }
      // The first round also sums the ids up.
      if round > 0 || setting.rounds(5) == 1 { speeds.append(bytes * 1e-6 / time) }
    }
    return [
      Row(
        "text", speeds, "MB/s",
        note: "\(texts.count) texts, \(tokens) tokens of \(source), checksum of the ids \(sum.text)")
    ]
  }

  static let jsonLines = Measure(
    name: "json", summary: "reading preference data: rows parsed and checked"
  ) { setting in
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("workbench-json-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Always a plain file: what is measured is the parser, not zlib.
    let path = folder.appendingPathComponent("rows.jsonl").path
    let (texts, _) = try Texts.read(setting)
    let encoder = JSONEncoder()
    let rows = try texts.enumerated().map { index, text in
      let row = ["prompt": "\(index)", "chosen": text, "rejected": text + "."]
      return String(decoding: try encoder.encode(row), as: UTF8.self)
    }
    let file = rows.joined(separator: "\n") + "\n"
    try file.write(toFile: path, atomically: true, encoding: .utf8)
    let bytes = Double(file.utf8.count) * 1e-6
    var parsed: [Double] = []
    var loaded: [Double] = []
    for _ in 0..<setting.rounds(5) {
      parsed.append(
        bytes
          / (try seconds {
            var rows = try RowSource(path: path)
            while try rows.next() != nil {}
          }))
      loaded.append(bytes / (try seconds { _ = try PreferenceDataset.stream(paths: [path]) { _ in } }))
    }
    return [
      Row("rows parsed", parsed, "MB/s"),
      Row("rows made preference records", loaded, "MB/s"),
    ]
  }
}

extension Catalogue {
  /// Its file is made of the data's rows, numbered so that none repeats another.
  static let largeData = Measure(
    name: "large-data", summary: "reading 500 MB of preference rows on one thread, and the memory that takes",
    isLarge: true
  ) { setting in
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("workbench-large-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("rows.jsonl").path
    let bytes = try writeRows(setting.quick ? 5_000_000 : 500_000_000, of: setting, to: path)
    var parsed: [Double] = []
    var loaded: [Double] = []
    var grown: [Double] = []
    for _ in 0..<setting.rounds(3) {
      parsed.append(
        bytes
          / (try seconds {
            var rows = try RowSource(path: path)
            while try rows.next() != nil {}
          }))
      var time = 0.0
      grown.append(
        try memoryGrown {
          time = try seconds { _ = try PreferenceDataset.stream(paths: [path]) { _ in } }
        })
      loaded.append(bytes / time)
    }
    return [
      Row("rows parsed", parsed.map { $0 * 1e-6 }, "MB/s", bar: .atLeast(100)),
      Row("rows made preference records", loaded.map { $0 * 1e-6 }, "MB/s", bar: .atLeast(100)),
      Row("memory grown meanwhile", grown.map { $0 * 1e-6 }, "MB", bar: .atMost(64)),
    ]
  }

  /// Rows until there are `wanted` bytes; returns how many there are.
  private static func writeRows(_ wanted: Int, of setting: Setting, to path: String) throws -> Double {
    let (texts, _) = try Texts.read(setting)
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    defer { try? file.close() }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    var (bytes, number) = (0, 0)
    let encoded = try texts.map { String(decoding: try encoder.encode($0), as: UTF8.self).dropLast() }
    while bytes < wanted {
      var part = ""
      while part.utf8.count < 1 << 22 {
        let (chosen, rejected) = (encoded[number % encoded.count], encoded[(number + 1) % encoded.count])
        part += "{\"chosen\": \(chosen) \(number)\", \"rejected\": \(rejected)\", \"prompt\": \"\(number)\"}\n"
        number += 1
      }
      try file.write(contentsOf: Data(part.utf8))
      bytes += part.utf8.count
    }
    return Double(bytes)
  }

  /// Bytes by which the resident memory's peak during `body` lies above what was resident before.
  private static func memoryGrown(_ body: () throws -> Void) throws -> Double {
    func status(_ key: String) -> Double {
      let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
      return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Double($0) }.map { $0 * 1024 } ?? .nan
    }
    // Linux: the peak counts from here on.
    try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    let before = status("VmRSS")
    try body()
    return max(0, status("VmHWM") - before)
  }
}

/// Text to measure with.
private enum Texts {
  /// The `chosen` texts of the data file, or letters and spaces.
  static func read(_ setting: Setting) throws -> (texts: [String], source: String) {
    guard let data = setting.data else {
      let groups = SyntheticPrompts().groups(setting.quick ? 200 : 8000, vocabulary: 27)
      let texts = groups.map { group in
        String(
          String.UnicodeScalarView(
            (group.prompt + group.responses[0]).map { Unicode.Scalar(UInt8($0 % 27 == 26 ? 32 : 97 + $0 % 27)) }))
      }
      return (texts, "random letters")
    }
    var rows = try RowSource(path: data)
    var texts: [String] = []
    while let row = try rows.next() {
      if let text = try? row.value.get().object?["chosen"]?.string { texts.append(text) }
    }
    guard !texts.isEmpty else { throw Refusal("\(data) has no texts under \"chosen\"") }
    return (texts, URL(fileURLWithPath: data).lastPathComponent)
  }
}

/// CRC-32 (zlib's) over token ids as little-endian words, so that another program can tell whether it got the same.
private struct Checksum {
  private static let table: [UInt32] = (0..<256).map { (byte: UInt32) in
    (0..<8).reduce(byte) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
  }
  private var value: UInt32 = 0xFFFF_FFFF

  mutating func add(_ ids: [Int32]) {
    for id in ids {
      for shift in stride(from: UInt32(0), to: 32, by: 8) {
        let byte = UInt32(bitPattern: id) >> shift & 0xFF
        value = Self.table[Int((value ^ byte) & 0xFF)] ^ value >> 8
      }
    }
  }

  var text: String { String(format: "%08x", value ^ 0xFFFF_FFFF) }
}
