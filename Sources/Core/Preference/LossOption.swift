/// A constant of a loss that a run file may set. Losses may share a key; each declares its own range and default.
public struct LossOption: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// - Parameter standard: what holds where the key is not given; nil if the loss then does something else.
    case number(NumberRange, standard: Double?)
    /// One of several words.
    case word([String], standard: String)
  }

  /// The key in the run file's section `preference`: lower case, words joined by `_`.
  public let key: String
  public let kind: Kind
  /// What it is, as a short phrase that the key's row in docs/run-file.md contains.
  public let meaning: String
  /// The preference models under which the loss reads it.
  public var models = PreferenceModel.allCases
  /// Conventions that fix it, so that it cannot be given beside them.
  public var fixedBy: [Convention] = []
  /// The key that sets it where that is a setting of its own; nil if `key` is what a run file names.
  public var sharedKey: SharedKey?

  /// Keys of `preference` that losses read and others too.
  public enum SharedKey: String, Sendable {
    /// The R-DPO margin of every evaluation reads it.
    case alpha
  }

  public static func number(
    _ key: String, _ range: NumberRange, standard: Double?, models: [PreferenceModel] = PreferenceModel.allCases,
    fixedBy: [Convention] = [], sharedKey: SharedKey? = nil, _ meaning: String
  ) -> LossOption {
    LossOption(
      key: key, kind: .number(range, standard: standard), meaning: meaning, models: models, fixedBy: fixedBy,
      sharedKey: sharedKey)
  }

  /// - Parameter standard: one of an enumeration's names; the option takes all of them.
  public static func word<Choice: CaseIterable & RawRepresentable<String>>(
    _ key: String, standard: Choice, _ meaning: String
  ) -> LossOption {
    LossOption(
      key: key, kind: .word(Choice.allCases.map(\.rawValue), standard: standard.rawValue), meaning: meaning)
  }

  /// The same option of a loss that reads it under some models only.
  public func under(_ models: [PreferenceModel]) -> LossOption {
    var option = self
    option.models = models
    return option
  }

  /// Throws one sentence for a value outside the range.
  func check(_ value: OptionValue) throws(PreferenceError) {
    switch (kind, value) {
    case (.number(let range, _), .number(let number)):
      guard range.contains(number) else { throw .optionRange(option: key, value: "\(number)", allowed: range.words) }
    case (.word(let words, _), .word(let word)):
      guard words.contains(word) else {
        throw .optionRange(option: key, value: word, allowed: words.joined(separator: " or "))
      }
    case (.number(let range, _), .word(let word)):
      throw .optionRange(option: key, value: word, allowed: range.words)
    case (.word(let words, _), .number(let number)):
      throw .optionRange(option: key, value: "\(number)", allowed: words.joined(separator: " or "))
    }
  }
}

/// What an option is set to.
public enum OptionValue: Sendable, Equatable {
  case number(Double)
  case word(String)
}
