import Checkpoint
import Text

extension RunFile {
  /// `adapter:`, in PEFT's names. With `initFrom`, a key that is not given (nil) is the initial adapter's own.
  public struct AdapterSettings: Sendable, Equatable {
    /// Rank r of the LoRA matrices.
    public var r: Int? = 8
    /// The adapter's output is scaled by lora_alpha / r, or lora_alpha / √r with `useRSLoRA`.
    public var loraAlpha: Double? = 16
    public var targetModules: TargetModules? = .allLinear
    public var useRSLoRA: Bool? = false
    /// Folder of a PEFT adapter to start from; nil starts from a fresh one (B = 0).
    public var initFrom: String?

    public init() {}
  }

  /// Which linear layers of every block get an adapter.
  public enum TargetModules: Sendable, Equatable {
    /// Every linear layer of the blocks; never the embedding or the head.
    case allLinear
    case modules([LinearKind])
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
    } else if let value = section["target_modules"] {
      targetModules = try RunFile.TargetModules(value, path: section.path + ["target_modules"], section: section)
    }
    useRSLoRA = inherits("use_rslora") ? nil : try section.boolean("use_rslora", default: false)
  }

  func write(to writer: inout ConfigWriter) {
    writer.section("adapter") { writer in
      writer.value("r", r)
      writer.value("lora_alpha", loraAlpha)
      writer.value("lora_dropout", 0.0)
      switch targetModules {
      case .allLinear?: writer.value("target_modules", "all-linear")
      case .modules(let modules)?: writer.value("target_modules", modules.map(\.rawValue))
      case nil: writer.value("target_modules", nil as String?)
      }
      if let useRSLoRA {
        writer.value("use_rslora", useRSLoRA)
      } else {
        writer.value("use_rslora", nil as String?)
      }
      writer.value("init_from", initFrom)
    }
  }
}

extension RunFile.TargetModules {
  fileprivate init(_ value: ConfigValue, path: [String], section: ConfigSection) throws {
    let names = LinearKind.allCases.map(\.rawValue).joined(separator: ", ")
    switch value {
    case .scalar("all-linear", _):
      self = .allLinear
    case .scalar(let text, _) where LinearKind(rawValue: text) == nil:
      let near = NameSuggestion.nearest(
        to: text, among: ["all-linear"] + LinearKind.allCases.map(\.rawValue))
      let hint = near.map { ", did you mean \"\($0)\"?" } ?? ""
      throw section.origin.error(
        path, "\(value.phrase) is not all-linear or a list of module names\(hint) (one of: \(names))")
    case .scalar:
      self = .modules([try section.choice(value, at: path)])
    case .list(let items):
      guard !items.isEmpty else {
        throw section.origin.error(path, "is an empty list; expected all-linear or a list of: \(names)")
      }
      var modules: [LinearKind] = []
      for (index, item) in items.enumerated() {
        let module: LinearKind = try section.choice(item, at: path + [String(index)])
        guard !modules.contains(module) else {
          throw section.origin.error(path, "\(module.rawValue) is given twice")
        }
        modules.append(module)
      }
      self = .modules(modules)
    case .null:
      throw section.origin.error(path, "no value given; expected all-linear or a list of: \(names)")
    case .section:
      throw section.origin.error(path, "\(value.phrase) is not all-linear or a list of module names (one of: \(names))")
    }
  }
}
