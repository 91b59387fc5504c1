import Text

/// How rows meet a model's chat template: `data.chat` and `data.system`.
public struct ChatWrapping: Sendable, Equatable {
  public enum Mode: String, Sendable, CaseIterable {
    /// Messages go through the template, and HH-RLHF transcripts where the model has one; other text stays text.
    case auto
    /// Plain prompts and answers become a user's and an assistant's turns, transcripts their turns.
    case always
    /// Text stays text, transcripts too.
    case never
  }

  public var mode: Mode
  /// A system turn before the messages of rows that have none.
  public var system: String?

  public init(_ mode: Mode = .auto, system: String? = nil) {
    self.mode = mode
    self.system = system
  }

  /// The record in the form in which it is tokenized.
  /// - Parameter hasTemplate: whether the model has a chat template.
  func wrap(_ record: PreferenceRecord, hasTemplate: Bool) -> PreferenceRecord {
    var record = record
    switch mode {
    case .auto: if hasTemplate { record = record.asMessages() }
    case .always: record = Self.asTurns(record)
    case .never: break
    }
    guard let system else { return record }
    // With a response of messages a prompt of text becomes a user's turn.
    if case .text(let text) = record.prompt, record.responses.contains(where: \.isMessages) {
      record.prompt = .messages([ChatMessage(role: "user", content: text)])
    }
    if case .messages(let messages) = record.prompt, !messages.contains(where: { $0.role == "system" }) {
      record.prompt = .messages([ChatMessage(role: "system", content: system)] + messages)
    }
    return record
  }

  /// Texts as turns. White space at their ends is what joins prompt and answer where they are plain text; a template has
  /// its own.
  private static func asTurns(_ record: PreferenceRecord) -> PreferenceRecord {
    guard case .text(let text) = record.prompt else { return record }
    var record = record
    record.isTranscript = record.isTranscript || Transcript.looksLikeOne(text)
    if record.isTranscript { return record.asMessages() }
    record.prompt = .messages([ChatMessage(role: "user", content: text.trimmed())])
    record.responses = record.responses.map { response in
      guard case .text(let answer) = response else { return response }
      return .messages([ChatMessage(role: "assistant", content: answer.trimmed())])
    }
    return record
  }

  /// Why the run file and this record contradict each other, a clause; nil where they do not.
  func conflict(with record: PreferenceRecord, hasTemplate: Bool) -> String? {
    let hasMessages = record.prompt.isMessages || record.responses.contains(where: \.isMessages)
    if mode == .never, hasMessages {
      return "has messages, which only a chat template turns into text; data.chat: never is for rows of text"
    }
    guard system != nil, !hasMessages, !wrap(record, hasTemplate: hasTemplate).prompt.isMessages else { return nil }
    return "is plain text, which has no place for data.system; data.chat: always makes turns of it"
  }

  /// Why a model's template cannot do what the run file asks for, a clause; nil where it can.
  public func problem(of text: any TextEncoding) -> String? {
    guard text.hasChatTemplate else {
      if mode == .always { return "has no chat template, which data.chat: always needs" }
      return system == nil ? nil : "has no chat template, which data.system needs"
    }
    guard let system else { return nil }
    let turns = [ChatMessage(role: "system", content: system), ChatMessage(role: "user", content: "Hello")]
    do {
      let rendered = try text.render(turns, addGenerationPrompt: true)
      return rendered.contains(system.trimmed())
        ? nil : "its chat template leaves a system turn out; take data.system out"
    } catch {
      return "its chat template refuses a system turn (\(error)); take data.system out"
    }
  }
}
