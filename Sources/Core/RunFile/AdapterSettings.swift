import Checkpoint
import Text

extension RunFile {
  /// `adapter:`, in PEFT's names. With `initFrom`, a key that is not given (nil) is the initial adapter's own.
  public struct AdapterSettings: Sendable, Equatable {
    /// Rank r of the LoRA matrices.
    public var r: Int? = 8
    /// The adapter's output is scaled by lora_alpha / r, or lora_alpha / √r with `useRSLoRA`.
    public var loraAlpha: Double? = 16
    public var targetModules: ModuleSelection? = .allLinear
    /// Modules that stay as they are although `targetModules` names them; nil for none.
    public var excludeModules: ModuleSelection?
    /// The layers that are adapted; nil for all.
    public var layersToTransform: [Int]?
    /// Ranks and alphas of modules that differ; empty for none.
    public var rankPattern: [PatternValue<Int>] = []
    public var alphaPattern: [PatternValue<Double>] = []
    public var useRSLoRA: Bool? = false
    /// LoRA+ (Hayou et al., 2024): the learning rate of B is so many times that of A.
    public var loraPlusRatio = 1.0
    /// Folder of a PEFT adapter to start from; nil starts from a fresh one (B = 0).
    public var initFrom: String?

    public init() {}
  }
}

extension RunFile.AdapterSettings {
  init(_ section: ConfigSection) throws {
    initFrom = try section.text("init_from", "the folder of a PEFT adapter")
    /// Whether the initial adapter decides on `key`.
    func inherits(_ key: String) -> Bool { initFrom != nil && (section[key] ?? .null) == .null }

    r = inherits("r") ? nil : try section.integer("r", default: 8, in: 1...4096)
    loraAlpha =
      inherits("lora_alpha") ? nil : try section.number("lora_alpha", default: 16, "a number above 0") { $0 > 0 }
    let dropout = try section.number("lora_dropout", default: 0)
    guard dropout == 0 else {
      throw section.error(
        "lora_dropout",
        "dropout is not supported, because policy and reference must run the same computation; set it to 0")
    }
    if inherits("target_modules") {
      targetModules = nil
    } else if section.has("target_modules") {
      targetModules = try section.modules("target_modules", allLinear: true)
    }
    if let value = section["exclude_modules"], value != .null {
      excludeModules = try section.modules("exclude_modules", allLinear: false)
    }
    layersToTransform = try section.layers("layers_to_transform")
    if layersToTransform != nil, case .pattern? = targetModules {
      throw section.error(
        "layers_to_transform", "is for module names; a regular expression in target_modules names the layers itself")
    }
    rankPattern = try section.patternValues("rank_pattern", "a whole number from 1 to 4096") {
      Int(exactly: $0).flatMap { (1...4096).contains($0) ? $0 : nil }
    }
    alphaPattern = try section.patternValues("alpha_pattern", "a number above 0") { $0 > 0 ? $0 : nil }
    useRSLoRA = inherits("use_rslora") ? nil : try section.boolean("use_rslora", default: false)
    loraPlusRatio = try section.number("loraplus_lr_ratio", default: 1, "a number above 0") { $0 > 0 }
  }

  func write(to writer: inout ConfigWriter) {
    writer.section("adapter") { writer in
      writer.value("r", r)
      writer.value("lora_alpha", loraAlpha)
      writer.value("lora_dropout", 0.0)
      writer.modules("target_modules", targetModules)
      if let excludeModules { writer.modules("exclude_modules", excludeModules) }
      if let layersToTransform { writer.value("layers_to_transform", layersToTransform) }
      if !rankPattern.isEmpty {
        writer.value("rank_pattern", rankPattern.map { ($0.pattern.text, Double($0.value)) })
      }
      if !alphaPattern.isEmpty { writer.value("alpha_pattern", alphaPattern.map { ($0.pattern.text, $0.value) }) }
      if let useRSLoRA {
        writer.value("use_rslora", useRSLoRA)
      } else {
        writer.value("use_rslora", nil as String?)
      }
      if loraPlusRatio != 1 { writer.value("loraplus_lr_ratio", loraPlusRatio) }
      writer.value("init_from", initFrom)
    }
  }
}

extension ConfigWriter {
  fileprivate mutating func modules(_ key: String, _ selection: ModuleSelection?) {
    switch selection {
    case .allLinear?: value(key, "all-linear")
    case .names(let names)?: value(key, names)
    case .pattern(let pattern)?: value(key, pattern.text)
    case nil: value(key, nil as String?)
    }
  }
}
