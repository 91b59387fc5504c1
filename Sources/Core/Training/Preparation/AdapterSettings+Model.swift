import Checkpoint
import RunFile
import Text

extension RunFile.AdapterSettings {
  /// A fresh adapter's configuration, with its modules named as PEFT names those of `model`.
  public func lora(for model: ModelConfiguration) -> LoRAConfiguration {
    var lora = LoRAConfiguration(
      rank: r ?? 8, alpha: loraAlpha ?? 16, targets: targetModules ?? .allLinear, useRSLoRA: useRSLoRA ?? false)
    lora.excluded = excludeModules
    lora.layers = layersToTransform.map { LayerSelection($0) }
    lora.rankPattern = rankPattern
    lora.alphaPattern = alphaPattern
    lora.namePrefix = model.wrapping.modulePrefix
    return lora
  }

  // MARK: With a model

  /// Refuses what would be passed over in silence: names, layers and patterns of no module of `model`.
  public func check(fits model: ModelConfiguration) throws {
    let kinds = model.layer.modules
    let lora = lora(for: model)
    let names = (0..<model.layerCount).flatMap { layer in
      kinds.map { lora.name(LinearAddress(layer: layer, module: $0)) }
    }
    for (key, selection) in [("target_modules", targetModules), ("exclude_modules", excludeModules)] {
      switch selection {
      case .names(let chosen)?:
        let endings = Set(names.flatMap(Self.endings))
        if let other = chosen.first(where: { !endings.contains($0) }) { throw unknown(other, key, model) }
      case .pattern(let pattern)? where !names.contains(where: pattern.matches):
        throw TrainingError.setting(
          "adapter.\(key): the regular expression matches no module of the model, such as \(names[0])")
      case .allLinear?, .pattern?, nil: break
      }
    }
    if let layer = layersToTransform?.first(where: { $0 >= model.layerCount }) {
      throw TrainingError.setting(
        "adapter.layers_to_transform: \(layer) is no layer of a model that has \(model.layerCount) (0 to "
          + "\(model.layerCount - 1))")
    }
    let adapted = lora.modules(of: model).map { lora.name($0.address) }
    guard !adapted.isEmpty else {
      throw TrainingError.setting("adapter.exclude_modules: leaves no module of target_modules to be adapted")
    }
    let patterns =
      rankPattern.map { ("rank_pattern", $0.pattern) } + alphaPattern.map { ("alpha_pattern", $0.pattern) }
    for (key, pattern) in patterns where !adapted.contains(where: pattern.matchesEnd) {
      throw TrainingError.setting(
        "adapter.\(key): \"\(pattern.text)\" matches no adapted module, such as \(adapted[0])")
    }
  }

  private func unknown(_ name: String, _ key: String, _ model: ModelConfiguration) -> TrainingError {
    let own = model.layer.modules
    let last = name.split(separator: ".").last.map(String.init) ?? name
    // A linear that lies in a module with others, or the nearest name.
    let near =
      own.first { $0.parts.contains { $0.rawValue == last } && $0.name != last }?.name
      ?? NameSuggestion.nearest(to: last, among: own.map(\.name))
    let hint = near.flatMap { $0 == last ? nil : ", did you mean \"\($0)\"?" } ?? ""
    return .setting(
      "adapter.\(key): \"\(name)\" names no module of this \(model.modelType) model of \(model.layerCount) layers\(hint) "
        + "(its modules: \(own.map(\.name).joined(separator: ", ")))")
  }

  /// A name, and what follows each of its dots.
  private static func endings(_ name: String) -> [String] {
    let parts = name.split(separator: ".")
    return parts.indices.map { parts[$0...].joined(separator: ".") }
  }

  /// Refuses a key that says something else than the adapter in `initFrom`.
  public func check(against initial: LoRAConfiguration, model: ModelConfiguration) throws {
    func refuse(_ key: String, _ own: String, _ other: String) -> TrainingError {
      .setting(
        "adapter.\(key): \(own) contradicts the adapter in \(initFrom ?? "init_from"), which has \(other); leave the key "
          + "out to take the adapter's own")
    }
    if let r, r != initial.rank { throw refuse("r", "\(r)", "\(initial.rank)") }
    if let loraAlpha, loraAlpha != initial.alpha { throw refuse("lora_alpha", "\(loraAlpha)", "\(initial.alpha)") }
    if let useRSLoRA, useRSLoRA != initial.useRSLoRA {
      throw refuse("use_rslora", "\(useRSLoRA)", "\(initial.useRSLoRA)")
    }
    if let targetModules {
      func names(_ lora: LoRAConfiguration) -> String {
        let adapted = Set(lora.modules(of: model).map(\.address.module))
        return model.layer.modules.filter(adapted.contains).map(\.name).joined(separator: ", ")
      }
      let (own, other) = (names(LoRAConfiguration(rank: 1, alpha: 1, targets: targetModules)), names(initial))
      if own != other { throw refuse("target_modules", own, other) }
    }
    let differs = "something else"
    if let excludeModules, excludeModules != initial.excluded { throw refuse("exclude_modules", "it", differs) }
    if let layersToTransform, layersToTransform != initial.layers?.layers {
      throw refuse("layers_to_transform", "it", differs)
    }
    if !rankPattern.isEmpty, rankPattern != initial.rankPattern { throw refuse("rank_pattern", "it", differs) }
    if !alphaPattern.isEmpty, alphaPattern != initial.alphaPattern { throw refuse("alpha_pattern", "it", differs) }
  }
}
