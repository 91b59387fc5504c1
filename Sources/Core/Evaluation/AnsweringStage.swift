import Job
import JSON
import Model
import PreferenceData

/// Answers to prompts: each row `{"prompt"}` again with `"responses"` added. They depend on the seed and the row's place
/// only.
public struct AnsweringStage: RowStage {
  private let loaded: LoadedModel
  private let count: Int
  private let settings: SamplingSettings
  private let seed: UInt64
  private let pairs: TextPairEncoder

  /// The answers to one prompt are decoded together; prompts are not.
  public let batch = 1

  /// - Parameter count: answers to each prompt.
  public init(_ loaded: LoadedModel, count: Int, settings: SamplingSettings, seed: UInt64) {
    self.loaded = loaded
    self.count = count
    self.settings = settings
    self.seed = seed
    pairs = TextPairEncoder(text: loaded.text)
  }

  /// A row whose prompt can be answered.
  public struct Question {
    var row: JSONObject
    var prompt: [Int32]
    var place: Int
  }

  public func prepare(_ row: JSONValue, place: Int) throws -> Question {
    guard let object = row.object else { throw LineInput.Problem("not a JSON object") }
    guard !object.contains("responses") else { throw LineInput.Problem("the line has \"responses\" already") }
    let prompt = try pairs.encode(prompt: try row.textOrMessages("prompt"))
    try loaded.check(prompt: prompt)
    return Question(row: object, prompt: prompt, place: place)
  }

  public func process(_ units: [Question], emit: (String) throws -> Void) throws {
    for var question in units {
      let answers = try loaded.finite {
        try loaded.model.generate(
          question.prompt, count: count, settings: settings, seed: seed, index: question.place,
          adapter: loaded.adapter)
      }
      let texts = answers.map { JSONValue.string(loaded.text.decode($0, skipSpecialTokens: true)) }
      question.row.set("responses", .array(texts))
      try emit(JSONValue.object(question.row).description)
    }
  }
}
