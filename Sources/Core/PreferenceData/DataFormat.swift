import JSON

/// A format of preference data: the name that `data.format:` takes, and how its rows are read. A format is a file of
/// Formats/ and its line here.
public struct DataFormat: Sendable, Hashable {
  public let rawValue: String
  let reader: any RowFormat

  init(_ name: String, _ reader: any RowFormat) {
    rawValue = name
    self.reader = reader
  }

  /// One line for people: what it is and the keys it has.
  public var summary: String { reader.summary }

  /// Formats are the same if their names are.
  public static func == (one: DataFormat, other: DataFormat) -> Bool { one.rawValue == other.rawValue }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

// MARK: - The formats that are read

extension DataFormat {
  public static let halos = DataFormat("halos", HALOsFormat())
  public static let pro = DataFormat("pro", PROFormat())
  public static let nca = DataFormat("nca", NCAFormat())
  public static let sppo = DataFormat("sppo", SPPOFormat())
  public static let simpo = DataFormat("simpo", SimPOFormat())
  public static let ultrafeedback = DataFormat("ultrafeedback", UltraFeedbackFormat())
  public static let ultrafeedbackBinarized = DataFormat("ultrafeedback_binarized", UltraFeedbackBinarizedFormat())
  public static let pkuHelpful = DataFormat("pku_helpful", PKUSafeRLHFFormat(dimension: .helpful))
  public static let pkuSafe = DataFormat("pku_safe", PKUSafeRLHFFormat(dimension: .safe))
  public static let nectar = DataFormat("nectar", NectarFormat())
  public static let exo = DataFormat("exo", EXOFormat())
  public static let ranked = DataFormat("ranked", RankedFormat())
  public static let llamaFactory = DataFormat("llama_factory", LLaMAFactoryFormat())
  public static let llamaFactoryShareGPT = DataFormat("llama_factory_sharegpt", LLaMAFactoryShareGPTFormat())
  public static let axolotl = DataFormat("axolotl", AxolotlFormat())
  public static let trl = DataFormat("trl", TRLFormat())
  public static let trlUnpaired = DataFormat("trl_unpaired", TRLUnpairedFormat())
  public static let hhRLHF = DataFormat("hh_rlhf", HHRLHFFormat())
  public static let trlImplicit = DataFormat("trl_implicit", TRLImplicitFormat())
  public static let scored = DataFormat("scored", ScoredFormat())

  /// The order is that of recognition: a format stands before those whose keys it also has.
  public static let allCases: [DataFormat] = [
    .halos, .pro, .nca, .sppo, .simpo, .ultrafeedback, .ultrafeedbackBinarized, .pkuHelpful, .pkuSafe, .nectar, .exo,
    .ranked, .llamaFactory, .llamaFactoryShareGPT, .axolotl, .trl, .trlUnpaired, .hhRLHF, .trlImplicit, .scored,
  ]

  /// The format named `name`, forgiving case and "-" for "_".
  public init?(name: String, among formats: [DataFormat] = allCases) {
    let name = name.lowercased().replacing("-", with: "_")
    guard let format = formats.first(where: { $0.rawValue == name }) else { return nil }
    self = format
  }

  /// The first of `formats` that recognises `row`.
  static func recognise(_ row: JSONObject, among formats: [DataFormat] = allCases) -> DataFormat? {
    formats.first { $0.reader.recognises(row) }
  }

  /// The format that a cache names; one that is not among those above cannot read rows any more.
  static func recorded(_ name: String) -> DataFormat {
    DataFormat(name: name) ?? DataFormat(name, UnknownFormat())
  }
}

/// A format of which only the name is known.
private struct UnknownFormat: RowFormat {
  let summary = ""

  func recognises(_ row: JSONObject) -> Bool { false }

  func read(_ row: JSONObject) throws(DropReason) -> RawPreference { throw .wrongType }
}
