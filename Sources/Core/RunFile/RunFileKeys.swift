import Preference
import Text

/// The names of the run file, and what people coming from other tools call them.
enum RunFileKeys {
  static let root = ["model", "adapter", "data", "preference", "training", "session"]
  static let adapter = [
    "r", "lora_alpha", "lora_dropout", "target_modules", "exclude_modules", "layers_to_transform", "rank_pattern",
    "alpha_pattern", "use_rslora", "loraplus_lr_ratio", "init_from",
  ]
  static let data = [
    "train", "split", "format", "columns", "eval", "eval_split", "eval_fraction", "chat", "system", "max_prompt_length",
    "max_length", "max_bad_rows",
  ]
  static let columns = ["prompt", "responses", "rewards"]
  static let preference = preference(losses: .standard)
  /// With the options that the losses declare.
  static func preference(losses: LossRegistry) -> [String] {
    [
      "model", "parameterization", "beta", "estimator", "gamma", "reward_scale", "preferred", "alpha", "normalise",
      "convention",
    ] + losses.runFileOptions.map(\.key)
  }
  static let gamma = ["schedule", "start", "end", "stairs", "value", "points"]
  static let training = [
    "num_train_epochs", "max_steps", "prompts_per_step", "learning_rate", "lr_scheduler_type", "warmup_ratio",
    "weight_decay", "max_grad_norm", "seed", "precision", "threads", "eval_steps", "save_steps",
    "save_total_limit", "metric_for_best_model",
  ]

  /// Sections by dotted path; "" is the root.
  private static let sections: [(path: String, keys: [String])] = [
    ("", root), ("adapter", adapter), ("data", data), ("data.columns", columns),
    ("preference", preference), ("preference.gamma", gamma), ("training", training),
  ]

  /// TRL's, PEFT's and other trainers' words for what has another name here.
  private static let synonyms = [
    "per_device_train_batch_size": "training.prompts_per_step",
    "gradient_accumulation_steps": "training.prompts_per_step",
    "batch_size": "training.prompts_per_step",
    "epochs": "training.num_train_epochs",
    "lr": "training.learning_rate",
    "scheduler": "training.lr_scheduler_type",
    "warmup_steps": "training.warmup_ratio",
    "bf16": "training.precision",
    "dtype": "training.precision",
    "model_name_or_path": "model",
    "base_model": "model",
    "output_dir": "session",
    "dataset": "data.train",
    "dataset_name": "data.train",
    "train_file": "data.train",
    "apply_chat_template": "data.chat",
    "chat_template": "data.chat",
    "system_prompt": "data.system",
    "default_system": "data.system",
    "dataset_split": "data.split",
    "max_completion_length": "data.max_length",
    "column_map": "data.columns",
    "loss_type": "preference.parameterization",
    "loss": "preference.parameterization",
    "normalize": "preference.normalise",
    "length_weight": "preference.alpha",
    "cpo_alpha": "preference.nll_weight",
    "lora_r": "adapter.r",
    "rank": "adapter.r",
    "lora_rank": "adapter.r",
    "alpha": "adapter.lora_alpha",
    "dropout": "adapter.lora_dropout",
    "lora_target_modules": "adapter.target_modules",
    "loraplus_ratio": "adapter.loraplus_lr_ratio",
  ]

  /// `, did you mean "…"?` for a key that the section at `path` does not know, or nothing. A key of another section is
  /// named with its whole path.
  static func hint(for key: String, in path: [String], keys: [String]) -> String {
    let here = path.joined(separator: ".")
    for (section, names) in sections where section != here && names.contains(key) {
      return ", did you mean \"\(section.isEmpty ? key : section + "." + key)\"?"
    }
    if let synonym = synonyms[key.lowercased()] {
      let isHere = !here.isEmpty && synonym.hasPrefix(here + ".")
      return ", did you mean \"\(isHere ? String(synonym.dropFirst(here.count + 1)) : synonym)\"?"
    }
    if let near = NameSuggestion.nearest(to: key, among: keys) { return ", did you mean \"\(near)\"?" }
    let paths = sections.flatMap { section, names in names.map { section.isEmpty ? $0 : "\(section).\($0)" } }
    let near = NameSuggestion.nearest(
      to: key, among: paths.map { $0.split(separator: ".").last.map(String.init) ?? $0 })
    if let near, let path = paths.first(where: { $0 == near || $0.hasSuffix("." + near) }) {
      return ", did you mean \"\(path)\"?"
    }
    return ""
  }
}
