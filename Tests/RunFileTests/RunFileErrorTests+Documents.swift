extension RunFileErrorTexts {
  /// Texts that are no run file, or miss what every one needs.
  static let documentCases: [Case] = [
    Case(
      "",
      text: "RUN.yaml: is empty; a run file needs at least model and data.train"),
    Case(
      "# nothing\n",
      text: "RUN.yaml: is empty; a run file needs at least model and data.train"),
    Case(
      "- a\n- b\n",
      text: "RUN.yaml: is a list, not a run file; expected keys model, adapter, data, preference, training, session"),
    Case(
      "just text",
      text:
        "RUN.yaml: is \"just text\", not a run file; expected keys model, adapter, data, preference, training, session"),
    Case(
      "data: {train: d}",
      text: "RUN.yaml: model: missing; give the folder of a Hugging Face checkpoint or a GGUF file"),
    Case(
      "model: m",
      text:
        "RUN.yaml: data.train: missing; give the preference data: a .jsonl, .parquet, .arrow or .csv file, a folder "
        + "of them, or a list"),
    Case(
      "model: ''\ndata: {train: d}",
      text: "RUN.yaml: model: is empty; expected the folder of a Hugging Face checkpoint or a GGUF file"),
    Case(
      "model: [a]\ndata: {train: d}",
      text: "RUN.yaml: model: a list is not the folder of a Hugging Face checkpoint or a GGUF file"),
    Case(
      "model: m\ndata: prefs.jsonl",
      text:
        "RUN.yaml: data: \"prefs.jsonl\" is not a section; expected keys train, split, format, columns, eval, eval_split, eval_fraction, chat, system, max_prompt_length, max_length, max_bad_rows"
    ),
    Case(
      "model: m\ndata: {train: []}",
      text: "RUN.yaml: data.train: is an empty list; expected a path or a list of paths"),
    Case(
      "model: m\ndata: {train: [a, {b: c}]}",
      text: "RUN.yaml: data.train.1: a section of keys is not a path or a list of paths"),
    Case(
      "model: m\n  data: x\n",
      text: "RUN.yaml: line 2, column 7: not valid YAML: mapping values are not allowed in this context"),
    Case(
      "model: \"m\n",
      text: "RUN.yaml: line 2, column 1: not valid YAML: while scanning a quoted scalar: found unexpected end of stream"
    ),
    Case(
      "model: m\n\tdata: {train: d}\n",
      text:
        "RUN.yaml: line 2, column 1: not valid YAML: while scanning a plain scalar: found a tab character that violates indentation"
    ),
    Case(
      "model: m\nmodel: n\n",
      text: "RUN.yaml: line 1: key \"model\" is given twice in one section"),
    Case(
      "model: m\ndata: {train: d}\n---\nmodel: n\n",
      text:
        "RUN.yaml: line 3, column 1: not valid YAML: expected a single document in the stream: but found another document"
    ),
    Case(
      "model: *x\ndata: {train: d}",
      text: "RUN.yaml: line 1, column 8: not valid YAML: found undefined alias"),
    Case(
      "model: &a m\ndata: {train: d}\nsession: *a",
      text: "RUN.yaml: line 3: YAML anchors and aliases (&name, *name) are not supported, write the value out"),
    // An anchor that nothing refers to is refused all the same, wherever it stands.
    Case(
      "model: m\ndata: &d {train: d}\n",
      text: "RUN.yaml: line 2: YAML anchors and aliases (&name, *name) are not supported, write the value out"),
    Case(
      "&root\nmodel: m\n",
      text: "RUN.yaml: line 1: YAML anchors and aliases (&name, *name) are not supported, write the value out"),
    Case(
      "model: &m m\n",
      text: "RUN.yaml: line 1: YAML anchors and aliases (&name, *name) are not supported, write the value out"),
    Case(
      "model: m\n&k data: {train: d}\n",
      text: "RUN.yaml: line 2: YAML anchors and aliases (&name, *name) are not supported, write the value out"),
    Case(
      "model: m\ndata:\n  train: [a, &b b]\n",
      text: "RUN.yaml: line 3: YAML anchors and aliases (&name, *name) are not supported, write the value out"),
    Case(
      "? [a]\n: b\n",
      text: "RUN.yaml: a key must be a plain name, not a list or a section"),
    Case(
      "model: m\u{1}\n",
      text: "RUN.yaml: line 1: not valid YAML: control characters are not allowed"),
    Case(
      "model: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
      text: "RUN.yaml: is nested more than 16 levels deep"),
    Case(
      "model: " + String(repeating: "[", count: 2000) + String(repeating: "]", count: 2000),
      text: "RUN.yaml: is nested more than 1000 levels deep"),
  ]

  /// Keys that are not known, with what may be meant; two keys whose value does not fit the rest.
  static let unknownKeyCases: [Case] = [
    Case(
      adding: "preferences: {beta: 1}",
      text:
        "RUN.yaml: preferences: unknown key, did you mean \"preference\"? (keys here: model, adapter, data, preference, training, session)"
    ),
    Case(
      adding: "learning_rate: 1",
      text:
        "RUN.yaml: learning_rate: unknown key, did you mean \"training.learning_rate\"? (keys here: model, adapter, data, preference, training, session)"
    ),
    Case(
      adding: "training: {lr: 1}",
      text:
        "RUN.yaml: training.lr: unknown key, did you mean \"learning_rate\"? (keys here: num_train_epochs, max_steps, prompts_per_step, learning_rate, lr_scheduler_type, warmup_ratio, weight_decay, max_grad_norm, seed, precision, threads, eval_steps, save_steps, save_total_limit, metric_for_best_model)"
    ),
    Case(
      adding: "training: {metric_for_best_model: eval_loss}",
      text:
        "RUN.yaml: training.metric_for_best_model: nothing is evaluated; give data.eval or data.eval_fraction as well"
    ),
    Case(
      adding: "training: {save_total_limit: 0}",
      text:
        "RUN.yaml: training.save_total_limit: 0 is not allowed; expected a whole number from 1 to 10000000, or null"
    ),
    Case(
      adding: "training: {learning-rate: 1}",
      text:
        "RUN.yaml: training.learning-rate: unknown key, did you mean \"learning_rate\"? (keys here: num_train_epochs, max_steps, prompts_per_step, learning_rate, lr_scheduler_type, warmup_ratio, weight_decay, max_grad_norm, seed, precision, threads, eval_steps, save_steps, save_total_limit, metric_for_best_model)"
    ),
    Case(
      adding: "training: {per_device_train_batch_size: 1}",
      text:
        "RUN.yaml: training.per_device_train_batch_size: unknown key, did you mean \"prompts_per_step\"? (keys here: num_train_epochs, max_steps, prompts_per_step, learning_rate, lr_scheduler_type, warmup_ratio, weight_decay, max_grad_norm, seed, precision, threads, eval_steps, save_steps, save_total_limit, metric_for_best_model)"
    ),
    Case(
      adding: "training: {beta: 1}",
      text:
        "RUN.yaml: training.beta: unknown key, did you mean \"preference.beta\"? (keys here: num_train_epochs, max_steps, prompts_per_step, learning_rate, lr_scheduler_type, warmup_ratio, weight_decay, max_grad_norm, seed, precision, threads, eval_steps, save_steps, save_total_limit, metric_for_best_model)"
    ),
    Case(
      adding: "preference: {gamma: {strat: 1}}",
      text:
        "RUN.yaml: preference.gamma.strat: unknown key, did you mean \"start\"? (keys here: schedule, start, end, stairs, value, points)"
    ),
    Case(
      adding: "training: {zzzzzzz: 1}",
      text:
        "RUN.yaml: training.zzzzzzz: unknown key (keys here: num_train_epochs, max_steps, prompts_per_step, learning_rate, lr_scheduler_type, warmup_ratio, weight_decay, max_grad_norm, seed, precision, threads, eval_steps, save_steps, save_total_limit, metric_for_best_model)"
    ),
    Case(
      adding: "adapter: {lora_r: 1}",
      text:
        "RUN.yaml: adapter.lora_r: unknown key, did you mean \"r\"? (keys here: r, lora_alpha, lora_dropout, target_modules, exclude_modules, layers_to_transform, rank_pattern, alpha_pattern, use_rslora, loraplus_lr_ratio, init_from)"
    ),
    Case(
      adding: "preference: {loss_type: ipo}",
      text:
        "RUN.yaml: preference.loss_type: unknown key, did you mean \"parameterization\"? (keys here: \(preferenceKeys))"
    ),
  ]

  /// `--set`.
  static let overrideCases: [Case] = [
    Case(
      set: "training.seed",
      text: "--set training.seed: expected key.path=value, such as --set training.seed=7"),
    Case(
      set: "=3",
      text: "--set =3: \"\" is not a key path such as training.seed"),
    Case(
      set: "a..b=3",
      text: "--set a..b=3: \"a..b\" is not a key path such as training.seed"),
    Case(
      set: "training.seed=x",
      text: "--set training.seed: \"x\" is not a number"),
    Case(
      set: "training.sed=3",
      text:
        "--set training.sed: unknown key, did you mean \"seed\"? (keys here: num_train_epochs, max_steps, prompts_per_step, learning_rate, lr_scheduler_type, warmup_ratio, weight_decay, max_grad_norm, seed, precision, threads, eval_steps, save_steps, save_total_limit, metric_for_best_model)"
    ),
    Case(
      set: "trainig.seed=3",
      text:
        "--set trainig: unknown key, did you mean \"training\"? (keys here: model, adapter, data, preference, training, session)"
    ),
    Case(
      set: "data.train.path=3",
      text: "--set data.train.path: data.train is \"d\", not a section of keys"),
    Case(
      set: "training.seed=[1",
      text: "--set training.seed: not valid YAML: while parsing a flow sequence: did not find expected ',' or ']'"),
    Case(
      set: "preference.gamma.start=abc",
      text: "--set preference.gamma.start: \"abc\" is not a number"),
    Case(
      set: "training=5",
      text:
        "--set training: \"5\" is not a section; expected keys num_train_epochs, max_steps, prompts_per_step, learning_rate, lr_scheduler_type, warmup_ratio, weight_decay, max_grad_norm, seed, precision, threads, eval_steps, save_steps, save_total_limit, metric_for_best_model"
    ),
    Case(
      set: "data.eval=e", "data.eval_fraction=2",
      text: "--set data.eval_fraction: 2 is not allowed; expected a number between 0 and 1"),
  ]
}
