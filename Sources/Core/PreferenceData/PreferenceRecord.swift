import CBytes
import Text

/// One prompt with its responses, best first: what every data format is read into.
public struct PreferenceRecord: Sendable, Equatable {
  public var prompt: TextOrMessages
  /// n ≥ 2 responses (n ≥ 1 where single ones are kept) in descending order of reward; equal rewards keep the file's
  /// order.
  public var responses: [TextOrMessages]
  /// [n] annotated rewards, finite, descending, in the dataset's own units.
  public var rewards: [Double]
  /// Index into the paths that were loaded.
  public var file: Int
  /// Line the row starts on, from 1.
  public var line: Int
  /// The texts are an HH-RLHF transcript ("\n\nHuman: … \n\nAssistant:"). A model with a chat template gets its turns as
  /// messages (`asMessages`), one without gets the text as it stands.
  public var isTranscript: Bool
  /// How many rows of the file the record was made of (1, but for unpaired feedback).
  public var rows: Int

  public init(
    prompt: TextOrMessages, responses: [TextOrMessages], rewards: [Double], file: Int = 0, line: Int = 1,
    isTranscript: Bool = false, rows: Int = 1
  ) {
    self.prompt = prompt
    self.responses = responses
    self.rewards = rewards
    self.file = file
    self.line = line
    self.isTranscript = isTranscript
    self.rows = rows
  }

  /// Indices of the responses that may be drawn as negatives: those with a reward below the best.
  public var candidates: Range<Int> {
    guard let best = rewards.first, let first = rewards.firstIndex(where: { $0 < best }) else { return 0..<0 }
    return first..<rewards.count
  }

  /// A transcript's turns as messages; any other record as it is.
  public func asMessages() -> PreferenceRecord {
    guard isTranscript, case .text(let text) = prompt else { return self }
    var record = self
    record.prompt = .messages(Transcript.messages(prompt: text))
    record.responses = responses.map { response in
      .messages([ChatMessage(role: "assistant", content: response.plainText.trimmed())])
    }
    record.isTranscript = false
    return record
  }
}

extension PreferenceRecord {
  /// A hash of the prompt's and the responses' bytes, the same in every run.
  var textHash: UInt64 {
    func add(_ text: String, to hash: UInt64) -> UInt64 {
      let bytes = Array(text.utf8)
      return cb_hash(bytes, Int64(bytes.count), hash)
    }
    return ([prompt] + responses).reduce(0) { hash, part in
      switch part {
      case .text(let text): add(text, to: hash &+ 1)
      case .messages(let messages):
        messages.reduce(hash &+ 2) { add($1.content, to: add($1.role, to: $0)) }
      }
    }
  }
}

/// A row as its format reads it, before the checks that all formats share.
struct RawPreference {
  var prompt: TextOrMessages
  var responses: [TextOrMessages]
  var rewards: [Double]
  var isTranscript = false
  /// One answer of unpaired feedback: rows with the same prompt become one list.
  var joinsByPrompt = false
  var notes: [DataNote] = []

  /// Sorts, checks and notes. Hand-worked: rewards [1, 5, 5, 2] keep order [5 (2nd), 5 (3rd), 2, 1]; candidates 2..<4.
  /// - Parameter keepsUnpaired: also lists that order no two responses, for losses that judge each on its own.
  func record(file: Int, line: Int, keepsUnpaired: Bool = false) throws(DropReason) -> (PreferenceRecord, [DataNote]) {
    let least = keepsUnpaired ? 1 : 2
    var notes = notes
    guard responses.count == rewards.count else { throw .lengthMismatch }
    guard rewards.allSatisfy(\.isFinite) else { throw .rewardNotFinite }
    guard !prompt.isBlank else { throw .emptyPrompt }
    guard responses.count >= least else { throw responses.first?.isBlank == true ? .emptyResponse : .tooFewResponses }
    let present = responses.indices.filter { !responses[$0].isBlank }
    guard present.count >= least else { throw .emptyResponse }
    if present.count < responses.count { notes.append(.emptyResponseLeftOut) }
    // Sorting (−reward, position) is stable whatever the library's sort does.
    let order = present.sorted { (rewards[$0], $1) > (rewards[$1], $0) }
    let record = PreferenceRecord(
      prompt: prompt, responses: order.map { responses[$0] }, rewards: order.map { rewards[$0] }, file: file,
      line: line, isTranscript: isTranscript)
    if keepsUnpaired { return (record, notes) }
    guard record.responses.dropFirst().contains(where: { $0 != record.responses[0] }) else {
      throw .identicalResponses
    }
    let candidates = record.candidates
    guard !candidates.isEmpty else { throw .noPreference }
    if candidates.lowerBound > 1 { notes.append(.tieWithBest) }
    if record.responses[candidates].contains(record.responses[0]) { notes.append(.repeatsBest) }
    return (record, notes)
  }
}
