/// Why a row of a data file is not trained on. The raw value is stable (it goes into records); `phrase` is for people.
public enum DropReason: String, Sendable, CaseIterable, Error {
  // The row cannot be read: these count against `data.max_bad_rows`.
  case malformedJSON = "malformed_json"
  case malformedCSV = "malformed_csv"
  case invalidText = "invalid_text"
  case rowTooLong = "row_too_long"
  case missingKey = "missing_key"
  case wrongType = "wrong_type"
  case lengthMismatch = "length_mismatch"
  case rewardNotFinite = "reward_not_finite"
  case notATranscript = "not_a_transcript"

  // The row is sound but teaches no preference.
  case emptyPrompt = "empty_prompt"
  case emptyResponse = "empty_response"
  case promptMismatch = "prompt_mismatch"
  case endsWithAssistant = "ends_with_assistant"
  case identicalResponses = "identical_responses"
  case noPreference = "no_preference"
  case tooFewResponses = "too_few_responses"

  // The row does not fit the model or the length limits.
  case promptTooLong = "prompt_too_long"
  case nothingLeft = "nothing_left"
  case chatTemplateRefused = "chat_template_refused"

  /// Whether the row is broken rather than merely of no use.
  public var isBad: Bool {
    switch self {
    case .malformedJSON, .malformedCSV, .invalidText, .rowTooLong, .missingKey, .wrongType, .lengthMismatch,
      .rewardNotFinite,
      .notATranscript:
      true
    case .emptyPrompt, .emptyResponse, .promptMismatch, .endsWithAssistant, .identicalResponses, .noPreference,
      .tooFewResponses,
      .promptTooLong, .nothingLeft, .chatTemplateRefused:
      false
    }
  }

  public var phrase: String {
    switch self {
    case .malformedJSON: "not valid JSON"
    case .malformedCSV: "not as many cells as the CSV file's header, or text behind a closing quote"
    case .invalidText: "text that is not valid Unicode (broken UTF-8 or half a surrogate pair)"
    case .rowTooLong: "longer than 64 MiB or with more than a million values"
    case .missingKey: "a key of the format is missing"
    case .wrongType: "a value of the wrong type"
    case .lengthMismatch: "not as many rewards as responses"
    case .rewardNotFinite: "a reward that is NaN or infinite"
    case .notATranscript: "no \"\\n\\nHuman:\" … \"\\n\\nAssistant:\" turns"
    case .emptyPrompt: "empty prompt"
    case .emptyResponse: "empty response"
    case .promptMismatch: "responses to different prompts (they part before the last assistant turn)"
    case .endsWithAssistant: "the conversation ends with the assistant's own turn"
    case .identicalResponses: "all responses are the same"
    case .noPreference: "all responses tie with the best"
    case .tooFewResponses: "fewer than two responses to the prompt"
    case .promptTooLong: "prompt fills the whole max_length"
    case .nothingLeft: "no difference left between the responses within max_length"
    case .chatTemplateRefused: "refused by the model's chat template"
    }
  }
}
