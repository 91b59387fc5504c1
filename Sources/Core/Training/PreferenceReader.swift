import Numerics
import PreferenceData
import Text

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

  public init(
    data: RunFile.DataSettings, text: any TextEncoding, vocabulary: Int, model: String, keepsUnpaired: Bool = false
  ) {
    self.data = data
    self.text = text
    self.vocabulary = vocabulary
    self.model = model
    self.keepsUnpaired = keepsUnpaired
  }

  /// Examples with the records they were made of (`EncodedExample.record` is an index into them).
  public struct Encoded: Sendable {
    public var examples: [EncodedExample]
    public var records: [PreferenceRecord]
    public var report: DataReport

    /// Moves a share of the prompts, at least one, to a held-out set; which ones depends on the seed alone.
    func split(_ share: Double, seed: UInt64) -> (training: Encoded, heldOut: Encoded) {
      var stream = RandomStream(seed: seed, purpose: .split)
      let count = min(examples.count, max(1, Int((Double(examples.count) * share).rounded())))
      let chosen = Set(examples.indices.shuffled(using: &stream).prefix(count))
      var training = self
      var heldOut = self
      training.examples = examples.indices.filter { !chosen.contains($0) }.map { examples[$0] }
      heldOut.examples = examples.indices.filter(chosen.contains).map { examples[$0] }
      return (training, heldOut)
    }
  }

  /// - Parameter progress: what is being done and, where it is known, how much of it is done (0…1).
  public func read(_ paths: [String], progress: @escaping (String, Double?) -> Void) throws -> Encoded {
    var format: DataFormat?
    if let name = data.format {
      guard let known = DataFormat(name: name) else {
        let near = NameSuggestion.nearest(to: name, among: DataFormat.allCases.map(\.rawValue))
        throw RunFileError(
          "data.format: \"\(name)\" is not a format" + (near.map { ", did you mean \"\($0)\"?" } ?? "")
            + " (one of: \(DataFormat.allCases.map(\.rawValue).joined(separator: ", ")))")
      }
      format = known
    }
    let names = paths.joined(separator: ", ")
    let loaded = try PreferenceDataset.load(
      paths: paths, format: format, maxBadRows: data.maxBadRows, keepsUnpaired: keepsUnpaired
    ) {
      progress("reading \(names)", $0)
    }
    let encoder = ExampleEncoder(text: text, maxPromptLength: data.maxPromptLength, maxLength: data.maxLength)
    let (examples, report) = encoder.encode(loaded.records, report: loaded.report) {
      progress("tokenizing \(names)", $0)
    }
    for example in examples {
      try Self.check(example.prompt, vocabulary: vocabulary, model: model)
      for response in example.responses { try Self.check(response, vocabulary: vocabulary, model: model) }
    }
    return Encoded(examples: examples, records: loaded.records, report: report)
  }

  /// Refuses examples that are longer than the model's context, before a step would.
  public static func check(longest examples: [(prompt: [Int32], responses: [[Int32]])], limit: Int) throws {
    let longest = examples.map { $0.prompt.count + ($0.responses.map(\.count).max() ?? 0) }.max() ?? 0
    if longest > limit { throw TrainingError.sequenceTooLong(longest: longest, positions: limit) }
  }

  /// Refuses ids that the embedding has no row for.
  public static func check(_ ids: [Int32], vocabulary: Int, model: String) throws {
    if let id = ids.first(where: { $0 < 0 || Int($0) >= vocabulary }) {
      throw TrainingError.vocabulary(model: model, id: id, size: vocabulary)
    }
  }
}
