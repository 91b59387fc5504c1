import Text

/// A record as token ids: what the trainer sees.
public struct EncodedExample: Sendable, Equatable {
  /// Index of the record.
  public var record: Int
  /// [P] token ids of the prompt, never scored.
  public var prompt: [Int32]
  /// [n][R_i] token ids of the responses, best first, each with its end-of-turn token unless it was cut.
  public var responses: [[Int32]]
  /// [n] annotated rewards, descending.
  public var rewards: [Double]
  /// `promptTruncated`, `responseTruncated`, `boundaryMoved`, `doubleBOS`.
  public var notes: [DataNote]

  public init(record: Int, prompt: [Int32], responses: [[Int32]], rewards: [Double], notes: [DataNote] = []) {
    self.record = record
    self.prompt = prompt
    self.responses = responses
    self.rewards = rewards
    self.notes = notes
  }

  /// Tokens of one segment `[prompt | r_1 | … | r_n]`.
  public var tokens: Int { responses.reduce(prompt.count) { $0 + $1.count } }
}

/// Why a record cannot become an example; `sentence` is the chat template's own, where that refused.
public struct EncodingRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  public var reason: DropReason
  public var sentence: String?
  public var description: String { sentence.map { "\(reason.phrase): \($0)" } ?? reason.phrase }
}

/// Records to examples within the length limits.
///
/// A prompt longer than `maxPromptLength` keeps its end, after its BOS (TRL's `max_prompt_length` with `keep_end`). A
/// prompt that fills all of `maxLength` is dropped, and a response keeps its start (TRL's `keep_start`), losing its
/// end-of-turn token. Each of these is noted.
public struct ExampleEncoder: Sendable {
  private let text: any TextEncoding
  private let pairs: TextPairEncoder
  public let maxPromptLength: Int
  public let maxLength: Int
  private let chat: ChatWrapping

  /// - Parameters:
  ///   - maxPromptLength: tokens of the prompt, BOS included; at least 1.
  ///   - maxLength: tokens of prompt and one response together.
  ///   - chat: what becomes of plain texts, and the system turn.
  public init(
    text: any TextEncoding, maxPromptLength: Int = 1024, maxLength: Int = 2048, chat: ChatWrapping = ChatWrapping()
  ) {
    self.text = text
    self.chat = chat
    pairs = TextPairEncoder(text: text)
    self.maxPromptLength = max(1, maxPromptLength)
    self.maxLength = maxLength
  }

  /// Why the record contradicts what the run file says of chats, a clause; nil where it does not.
  func conflict(with record: PreferenceRecord) -> String? {
    chat.conflict(with: record, hasTemplate: text.hasChatTemplate)
  }

  public func encode(_ record: PreferenceRecord, index: Int) throws(EncodingRefusal) -> EncodedExample {
    let record = chat.wrap(record, hasTemplate: text.hasChatTemplate)
    let encoded: EncodedResponses
    do {
      encoded = try pairs.encode(prompt: record.prompt, responses: record.responses)
    } catch {
      throw EncodingRefusal(reason: .chatTemplateRefused, sentence: String(describing: error))
    }
    var example = EncodedExample(
      record: index, prompt: encoded.prompt, responses: encoded.responses, rewards: record.rewards,
      notes: encoded.notes)
    if chat.mode == .auto, text.hasChatTemplate, !record.prompt.isMessages,
      !record.responses.contains(where: \.isMessages)
    {
      example.notes.append(.plainText)
    }
    // The first response token is predicted from the last prompt token: without one there is nothing to score it by.
    guard !example.prompt.isEmpty else { throw EncodingRefusal(reason: .emptyPrompt) }
    if example.prompt.count > maxPromptLength {
      example.prompt = shortened(example.prompt)
      example.notes.append(.promptTruncated)
    }
    let room = maxLength - example.prompt.count
    guard room > 0 else { throw EncodingRefusal(reason: .promptTooLong) }
    if example.responses.contains(where: { $0.count > room }) {
      example.responses = example.responses.map { Array($0.prefix(room)) }
      example.notes.append(.responseTruncated)
    }
    // A list that orders nothing is here only for a loss that judges each response on its own.
    guard
      record.candidates.isEmpty
        || record.candidates.contains(where: { example.responses[$0] != example.responses[0] })
    else {
      throw EncodingRefusal(reason: .nothingLeft)
    }
    if record.candidates.contains(where: { nearlyIdentical(example.responses[0], example.responses[$0]) }) {
      example.notes.append(.nearlyIdentical)
    }
    return example
  }

  /// Encodes all records in order. The report goes on from the loader's: what is dropped here moves from kept to dropped.
  public func encode(
    _ records: [PreferenceRecord], report: DataReport, progress: ((Double) -> Void)? = nil
  ) -> (examples: [EncodedExample], report: DataReport) {
    var report = report
    var examples: [EncodedExample] = []
    examples.reserveCapacity(records.count)
    for (index, record) in records.enumerated() {
      let result = Result { () throws(EncodingRefusal) in try encode(record, index: index) }
      report.account(for: record, as: result)
      if case .success(let example) = result { examples.append(example) }
      if index % 64 == 63 { progress?(Double(index + 1) / Double(records.count)) }
    }
    progress?(1)
    return (examples, report)
  }

  /// The end of a long prompt, behind its BOS.
  private func shortened(_ prompt: [Int32]) -> [Int32] {
    guard let bos = text.bosTokenID, prompt.first == bos, maxPromptLength > 1 else {
      return Array(prompt.suffix(maxPromptLength))
    }
    return [bos] + prompt.suffix(maxPromptLength - 1)
  }
}

extension DataReport {
  /// Enters what became of a record that the loader had kept.
  mutating func account(for record: PreferenceRecord, as result: Result<EncodedExample, EncodingRefusal>) {
    switch result {
    case .success(let example):
      lengths.add(example.responses, candidates: record.candidates)
      for note in example.notes { self.note(note, file: record.file, line: record.line) }
    case .failure(let refusal):
      kept -= record.rows
      drop(refusal.reason, file: record.file, line: record.line, rows: record.rows)
      if templateRefusal == nil { templateRefusal = refusal.sentence }
    }
  }
}

/// Whether two responses of at least 20 tokens are the same but for one stretch of at most 5 % of the longer one.
func nearlyIdentical(_ a: [Int32], _ b: [Int32]) -> Bool {
  let (short, long) = (min(a.count, b.count), max(a.count, b.count))
  guard long >= 20 else { return false }
  var start = 0
  while start < short, a[start] == b[start] { start += 1 }
  var end = 0
  while end < short - start, a[a.count - 1 - end] == b[b.count - 1 - end] { end += 1 }
  return (long - start - end) * 20 <= long
}
