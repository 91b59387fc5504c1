import Base
import Checkpoint
import Foundation
import PreferenceData
import RunFile
import Text

/// What a memory plan needs to know of data.
protocol SequenceLengths {
  /// Tokens of the longest prompt with its longest response.
  var longestSequence: Int { get }
  /// Tokens of the longest prompt with all its responses.
  var longestGroup: Int { get }
  /// Tokens of the longest prompt.
  var longestPrompt: Int { get }
  /// The most tokens that one prompt's responses have together.
  var longestResponses: Int { get }
}

/// Preference files to token ids, as the run file's `data` section says.
public struct PreferenceReader: Sendable {
  public let data: RunFile.DataSettings
  public let text: any TextEncoding
  /// Entries of the model's embedding.
  public let vocabulary: Int
  /// The model's name in error messages.
  public let model: String
  /// Keep prompts whose responses are not ordered (`Objective.judgesAlone`).
  public let keepsUnpaired: Bool
  /// Where the token ids of large files are kept; nil keeps them in memory.
  public var cache: ExampleCache?

  public init(
    data: RunFile.DataSettings, text: any TextEncoding, vocabulary: Int, model: String, keepsUnpaired: Bool = false,
    cache: ExampleCache? = .standard
  ) {
    self.data = data
    self.text = text
    self.vocabulary = vocabulary
    self.model = model
    self.keepsUnpaired = keepsUnpaired
    self.cache = cache
  }

  /// Some of a store's examples, with the report on all rows that were read.
  public struct Encoded: Sendable, SequenceLengths {
    public var store: ExampleStore
    /// Which examples, ascending.
    public var indices: [Int]
    public var report: DataReport

    public var count: Int { indices.count }

    /// Annotated rewards of each example, descending.
    public var rewards: [[Double]] { indices.map(store.rewards) }

    /// Tokens of the longest prompt with its longest response.
    public var longestSequence: Int {
      indices.reduce(0) { max($0, store.promptTokens($1) + store.longestResponse($1)) }
    }

    /// Tokens of the longest prompt with all its responses.
    public var longestGroup: Int {
      indices.reduce(0) { max($0, store.promptTokens($1) + store.responseTokens($1)) }
    }

    /// Tokens of the longest prompt.
    public var longestPrompt: Int { indices.reduce(0) { max($0, store.promptTokens($1)) } }

    /// The most tokens that one prompt's responses have together.
    public var longestResponses: Int { indices.reduce(0) { max($0, store.responseTokens($1)) } }

    /// Moves a share of the prompts, at least one, to a held-out set; which ones depends on the seed alone.
    func split(_ share: Double, seed: UInt64) -> (training: Encoded, heldOut: Encoded) {
      var stream = RandomStream(seed: seed, purpose: .split)
      let count = min(indices.count, max(1, Int((Double(indices.count) * share).rounded())))
      let chosen = Set(indices.indices.shuffled(using: &stream).prefix(count))
      var training = self
      var heldOut = self
      training.indices = indices.indices.filter { !chosen.contains($0) }.map { indices[$0] }
      heldOut.indices = indices.indices.filter(chosen.contains).map { indices[$0] }
      return (training, heldOut)
    }
  }

  /// - Parameters:
  ///   - paths: files, folders and patterns, as the run file has them.
  ///   - use: what the rows are for, which chooses between the splits of a folder.
  ///   - progress: what is being done and, where it is known, how much of it is done (0…1).
  public func read(
    _ paths: [String], for use: DataPaths.Use = .training, progress: @escaping (String, Double?) -> Void
  ) throws -> Encoded {
    if let why = data.chat.problem(of: text) { throw TrainingError.chatTemplate(model: model, why: why) }
    let names = paths.joined(separator: ", ")
    let split = use == .training ? data.split : data.evaluationSplit
    let paths = try DataPaths(use: use, split: split).files(of: paths)
    let source = DatasetEncoder.Source(
      paths: paths, format: data.format, among: data.formats, columns: data.columns, maxBadRows: data.maxBadRows,
      keepsUnpaired: keepsUnpaired)
    let entry = cache.map { cache in
      cache.entry(key: key(of: source) { progress("looking for \(names) among the tokenized rows", $0) })
    }
    if let found = entry?.read(vocabulary: vocabulary) {
      var report = found.report
      report.files = paths
      report.countsRows = paths.count == 1 && DataFileKind.unit(of: paths[0]) == "row"
      return Encoded(store: found.store, indices: Array(0..<found.store.count), report: report)
    }
    let encoder = DatasetEncoder(
      encoder: ExampleEncoder(
        text: text, maxPromptLength: data.maxPromptLength, maxLength: data.maxLength, chat: data.chat),
      threads: Machine.cores)
    let (store, report) = try encoder.encode(source, cache: entry) { example in
      try Self.check(example.prompt, vocabulary: vocabulary, model: model)
      for response in example.responses { try Self.check(response, vocabulary: vocabulary, model: model) }
    } progress: {
      progress("reading and tokenizing \(names)", $0)
    }
    return Encoded(store: store, indices: Array(0..<store.count), report: report)
  }

  /// Bytes on disk below which data is tokenised anew each time.
  private static let smallest = 4 << 20

  /// What the token ids depend on, as 32 bytes: the files' contents, how they are read, the tokenizer, the template and
  /// the lengths. Nil where a file cannot be read twice, or where there is too little to keep.
  private func key(of source: DatasetEncoder.Source, progress: (Double) -> Void) -> [UInt8]? {
    let sizes = source.paths.map { path in
      (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }
    guard sizes.reduce(0, +) >= Self.smallest, !text.sourceFiles.isEmpty else { return nil }
    var hash = SHA256()
    for setting in settings(of: source) { hash.update(Array("\(setting.utf8.count) \(setting)".utf8)) }
    let files = text.sourceFiles.map(\.path) + source.paths
    for (index, path) in files.enumerated() {
      if index < text.sourceFiles.count { hash.update(Array(text.sourceFiles[index].lastPathComponent.utf8)) }
      guard let content = try? FileHash.content(of: path) else { return nil }
      hash.update(content)
      progress(Double(index + 1) / Double(files.count))
    }
    return hash.finish()
  }

  /// What the token ids depend on beside the contents of files, each a text.
  func settings(of source: DatasetEncoder.Source) -> [String] {
    let columns = source.columns.map { [$0.prompt, "="] + $0.responses + ["="] + $0.rewards } ?? []
    return [
      "rows 2", source.format?.rawValue ?? "",
      "\(source.maxBadRows) \(source.keepsUnpaired) \(data.maxPromptLength) \(data.maxLength)",
    ]
      + columns + Self.chatSettings(data.chat) + source.paths.map(DataFileKind.nameSetting)
  }

  private static func chatSettings(_ chat: ChatWrapping) -> [String] {
    ["chat " + chat.mode.rawValue] + (chat.system.map { ["system " + $0] } ?? [])
  }

  /// Refuses a sequence that is longer than the model's context, before a step would.
  public static func check(longest: Int, limit: Int) throws {
    if longest > limit { throw TrainingError.sequenceTooLong(longest: longest, positions: limit) }
  }

  /// Refuses ids that the embedding has no row for.
  public static func check(_ ids: [Int32], vocabulary: Int, model: String) throws {
    if let id = ids.first(where: { $0 < 0 || Int($0) >= vocabulary }) {
      throw TrainingError.vocabulary(model: model, id: id, size: vocabulary)
    }
  }
}
