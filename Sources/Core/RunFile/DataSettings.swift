import PreferenceData
import Text

extension RunFile {
  /// `data:`
  public struct DataSettings: Sendable, Equatable {
    /// One or more files, folders or patterns of files; `-` is standard input.
    public var train: [String]
    /// The split of folders in `train`; nil where they leave no choice.
    public var split: String?
    /// The split of folders that the held-out prompts are in.
    public var evaluationSplit: String?
    /// nil recognises each file by its content.
    public var format: DataFormat?
    /// The formats that `format` may name, and files are recognised as.
    public let formats: [DataFormat]
    /// The files' own names for prompt, responses and rewards; not together with `format`.
    public var columns: ColumnMap?
    public var evaluation = Evaluation.none
    /// What becomes of plain texts, and the system turn (`chat:`, `system:`).
    public var chat = ChatWrapping()
    /// Tokens; half of `maxLength`, and 1,024 at most, where the file does not say.
    public var maxPromptLength = 1024
    /// Tokens of prompt and response together.
    public var maxLength = 2048
    /// Share of unreadable rows (0…1) above which the run is refused.
    public var maxBadRows = 0.01

    public init(train: [String], formats: [DataFormat] = DataFormat.allCases) {
      self.train = train
      self.formats = formats
    }
  }

  /// Where held-out prompts come from.
  public enum Evaluation: Sendable, Equatable {
    case none
    /// Files of their own (`eval:`).
    case files([String])
    /// This share of the training prompts (`eval_fraction:`), in the open interval 0…1.
    case fraction(Double)
  }
}

extension RunFile.DataSettings {
  init(_ section: ConfigSection, formats: [DataFormat]) throws {
    guard let train = try section.texts("train", "a path or a list of paths") else {
      throw section.error(
        "train",
        "missing; give the preference data: a .jsonl, .parquet, .arrow or .csv file, a folder of them, or a list")
    }
    self.init(train: train, formats: formats)
    split = try section.text("split", "the name of a split")
    evaluationSplit = try section.text("eval_split", "the name of a split")
    format = try Self.format(section, among: formats)
    columns = try Self.columns(section)
    let files = try section.texts("eval", "a path or a list of paths")
    let fraction = section["eval_fraction"].flatMap { $0 == .null ? nil : $0 }
    switch (files, fraction) {
    case (nil, nil): evaluation = .none
    case (let files?, nil): evaluation = .files(files)
    case (nil, _?):
      let share = try section.number("eval_fraction", default: 0, "a number between 0 and 1") { $0 > 0 && $0 < 1 }
      evaluation = .fraction(share)
    case (_?, _?): throw section.error("eval_fraction", "data.eval is given as well; keep one of the two")
    }
    if evaluationSplit != nil, files == nil {
      throw section.error("eval_split", "names a split of data.eval, which is not given")
    }
    chat = try Self.chat(section)
    maxLength = try section.integer("max_length", default: maxLength, in: 2...1_048_576)
    maxPromptLength = try section.integer(
      "max_prompt_length", default: min(maxPromptLength, maxLength / 2), in: 1...1_048_576)
    guard maxPromptLength < maxLength else {
      throw section.error(
        "max_prompt_length", "\(maxPromptLength) leaves no room for a response within max_length \(maxLength)")
    }
    maxBadRows = try section.number("max_bad_rows", default: maxBadRows, "a share from 0 to 1") { $0 >= 0 && $0 <= 1 }
  }

  private static func format(_ section: ConfigSection, among formats: [DataFormat]) throws -> DataFormat? {
    guard let name = try section.text("format", "the name of a data format") else { return nil }
    if let format = DataFormat(name: name, among: formats) { return format }
    let names = formats.map(\.rawValue)
    throw section.error(
      "format",
      "\(ConfigValue.quote(name)) is not known\(NameSuggestion.hint(for: name, among: names)) "
        + "(one of: \(names.joined(separator: ", ")))")
  }

  private static func chat(_ section: ConfigSection) throws -> ChatWrapping {
    let names = ChatWrapping.Mode.allCases.map(\.rawValue)
    let name = try section.text("chat", names.joined(separator: ", ")) ?? ChatWrapping.Mode.auto.rawValue
    guard let mode = ChatWrapping.Mode(rawValue: name.lowercased()) else {
      throw section.error(
        "chat",
        "\(ConfigValue.quote(name)) is not known\(NameSuggestion.hint(for: name, among: names)) "
          + "(one of: \(names.joined(separator: ", ")))")
    }
    let system = try section.text("system", "the text of a system turn")
    if let system, system.allSatisfy(\.isWhitespace) {
      throw section.error("system", "is blank; expected the text of a system turn, or null")
    }
    if system != nil, mode == .never {
      throw section.error("system", "data.chat is never, so that no row has turns; take one of the two out")
    }
    return ChatWrapping(mode, system: system)
  }

  private static func columns(_ section: ConfigSection) throws -> ColumnMap? {
    guard let value = section["columns"], value != .null else { return nil }
    if let format = section["format"], format != .null {
      throw section.error("columns", "data.format is given as well; keep one of the two")
    }
    let columns = try section.section("columns", keys: RunFileKeys.columns)
    var map = ColumnMap()
    if let prompt = try columns.text("prompt", "the name of a column") { map.prompt = prompt }
    if let responses = try columns.texts("responses", "the name of a column or a list of names") {
      map.responses = responses
    }
    if let rewards = try columns.texts("rewards", "the name of a column or a list of names") {
      map.rewards = rewards
    } else if map.responses.count > 1 {
      map.rewards = []
    }
    if let problem = map.problem { throw section.error("columns", problem) }
    return map
  }

  func write(to writer: inout ConfigWriter) {
    writer.section("data") { writer in
      writer.value("train", train)
      writer.value("split", split)
      writer.value("format", format?.rawValue)
      if let columns {
        writer.section("columns") { writer in
          writer.value("prompt", columns.prompt)
          writer.value("responses", columns.responses)
          if !columns.rewards.isEmpty { writer.value("rewards", columns.rewards) }
        }
      } else {
        writer.value("columns", String?.none)
      }
      switch evaluation {
      case .none: writer.value("eval", String?.none)
      case .files(let files):
        writer.value("eval", files)
        writer.value("eval_split", evaluationSplit)
      case .fraction(let share): writer.value("eval_fraction", share)
      }
      writer.value("chat", chat.mode.rawValue)
      writer.value("system", chat.system)
      writer.value("max_prompt_length", maxPromptLength)
      writer.value("max_length", maxLength)
      writer.value("max_bad_rows", maxBadRows)
    }
  }
}
