import JSON

/// The formats of preference data that are read; the raw values are the names `data.format:` takes. The order is that of
/// recognition: a format stands before those whose keys it also has.
public enum DataFormat: String, CaseIterable, Sendable, Hashable {
  case halos
  case pro
  case nca
  case sppo
  case simpo
  case ultrafeedback
  case ultrafeedbackBinarized = "ultrafeedback_binarized"
  case pkuHelpful = "pku_helpful"
  case pkuSafe = "pku_safe"
  case nectar
  case exo
  case ranked
  case llamaFactory = "llama_factory"
  case llamaFactoryShareGPT = "llama_factory_sharegpt"
  case axolotl
  case trl
  case trlUnpaired = "trl_unpaired"
  case hhRLHF = "hh_rlhf"
  case trlImplicit = "trl_implicit"
  case scored

  /// One line for people: what it is and the keys it has.
  public var summary: String { reader.summary }

  /// The format named `name`, forgiving case and "-" for "_".
  public init?(name: String) {
    self.init(rawValue: name.lowercased().replacing("-", with: "_"))
  }

  var reader: any RowFormat {
    switch self {
    case .halos: HALOsFormat()
    case .pro: PROFormat()
    case .nca: NCAFormat()
    case .sppo: SPPOFormat()
    case .simpo: SimPOFormat()
    case .ultrafeedback: UltraFeedbackFormat()
    case .ultrafeedbackBinarized: UltraFeedbackBinarizedFormat()
    case .pkuHelpful: PKUSafeRLHFFormat(dimension: .helpful)
    case .pkuSafe: PKUSafeRLHFFormat(dimension: .safe)
    case .nectar: NectarFormat()
    case .exo: EXOFormat()
    case .ranked: RankedFormat()
    case .llamaFactory: LLaMAFactoryFormat()
    case .llamaFactoryShareGPT: LLaMAFactoryShareGPTFormat()
    case .axolotl: AxolotlFormat()
    case .trl: TRLFormat()
    case .trlUnpaired: TRLUnpairedFormat()
    case .hhRLHF: HHRLHFFormat()
    case .trlImplicit: TRLImplicitFormat()
    case .scored: ScoredFormat()
    }
  }

  /// The first format that recognises `row`.
  static func recognise(_ row: JSONObject) -> DataFormat? {
    allCases.first { $0.reader.recognises(row) }
  }
}
