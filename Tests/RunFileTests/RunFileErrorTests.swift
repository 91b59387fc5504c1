import Testing

@testable import RunFile

/// Every sentence a run file can be refused with, word for word.
@Suite struct RunFileErrorTexts {
  struct Case: CustomTestStringConvertible, Sendable {
    var yaml: String
    var overrides: [String] = []
    var text: String
    var testDescription: String { text }

    init(_ yaml: String, set overrides: String..., text: String) {
      self.yaml = yaml
      self.overrides = overrides
      self.text = text
    }

    /// `section` added to the smallest valid file.
    init(adding section: String, text: String) {
      self.init("model: m\n" + (section.contains("data:") ? "" : "data: {train: d}\n") + section, text: text)
    }

    /// The smallest valid file with overrides.
    init(set overrides: String..., text: String) {
      self.init("model: m\ndata: {train: d}\n", text: text)
      self.overrides = overrides
    }
  }

  static let cases: [Case] = [
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
      text: "RUN.yaml: model: missing; give the folder of a Hugging Face checkpoint"),
    Case(
      "model: m",
      text: "RUN.yaml: data.train: missing; give the preference data, a .jsonl, .jsonl.gz or .jsonl.zst file or a list "
        + "of them"),
    Case(
      "model: ''\ndata: {train: d}",
      text: "RUN.yaml: model: is empty; expected the folder of a Hugging Face checkpoint"),
    Case(
      "model: [a]\ndata: {train: d}",
      text: "RUN.yaml: model: a list is not the folder of a Hugging Face checkpoint"),
    Case(
      "model: m\ndata: prefs.jsonl",
      text:
        "RUN.yaml: data: \"prefs.jsonl\" is not a section; expected keys train, format, columns, eval, eval_fraction, max_prompt_length, max_length, max_bad_rows"
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
        "RUN.yaml: adapter.lora_r: unknown key, did you mean \"r\"? (keys here: r, lora_alpha, lora_dropout, target_modules, use_rslora, init_from)"
    ),
    Case(
      adding: "preference: {loss_type: ipo}",
      text:
        "RUN.yaml: preference.loss_type: unknown key, did you mean \"parameterization\"? (keys here: model, parameterization, beta, estimator, gamma, reward_scale, preferred, alpha, normalise, convention, label_smoothing, reward_temperature, simpo_gamma, gamma_beta_ratio, slic_delta, nll_weight, lipo_labels, desirable_weight, undesirable_weight, desirable_threshold)"
    ),
    Case(
      adding: "preference: {gamma: {start: abc}}",
      text: "RUN.yaml: preference.gamma.start: \"abc\" is not a number"),
    Case(
      adding: "preference: {beta: 0}",
      text: "RUN.yaml: preference.beta: 0 is not allowed; expected a number above 0"),
    Case(
      adding: "preference: {beta: .nan}",
      text: "RUN.yaml: preference.beta: \".nan\" is not a finite number"),
    Case(
      adding: "preference: {beta: [1]}",
      text: "RUN.yaml: preference.beta: a list is not a number"),
    Case(
      adding: "preference: {beta: }",
      text: "RUN.yaml: preference.beta: no value given; expected a number above 0"),
    Case(
      adding: "preference: {beta: 1e999}",
      text: "RUN.yaml: preference.beta: \"1e999\" is not a finite number"),
    Case(
      adding: "preference: {model: hsp}",
      text: "RUN.yaml: preference.model: \"hsp\" is not known, did you mean \"hps\"? (one of: bt, pl, hps)"),
    Case(
      adding: "preference: {model: zzz}",
      text: "RUN.yaml: preference.model: \"zzz\" is not known (one of: bt, pl, hps)"),
    Case(
      adding: "preference: {model: {a: b}}",
      text: "RUN.yaml: preference.model: a section of keys is not known (one of: bt, pl, hps)"),
    Case(
      adding: "preference: {estimator: null}",
      text: "RUN.yaml: preference.estimator: no value given; expected one of sample, sample_n, expectation"),
    Case(
      adding: "preference: {parameterization: dop}",
      text:
        "RUN.yaml: preference.parameterization: \"dop\" is not known, did you mean \"dpo\"? (one of: dpo, exo, ipo, sppo, nca, infonca, cdpo, robust, rdpo, simpo, slic, hinge, lipo, pro, kto, apo_zero)"
    ),
    Case(
      adding: "preference: {reward_scale: zscore}",
      text:
        "RUN.yaml: preference.reward_scale: \"zscore\" is not known, did you mean \"prompt_zscore\"? (one of: none, prompt_zscore, dataset_zscore)"
    ),
    Case(
      adding: "preference: {label_smoothing: 0.5}",
      text: "RUN.yaml: preference.label_smoothing: 0.5 is not allowed; expected a number of at least 0 and below 0.5"),
    Case(
      adding: "preference: {preferred: 0}",
      text: "RUN.yaml: preference.preferred: 0 is not allowed; expected a whole number from 1 to 1000"),
    Case(
      adding: "preference: {reward_temperature: 0}",
      text: "RUN.yaml: preference.reward_temperature: 0 is not allowed; expected a number above 0"),
    Case(
      adding: "preference: {normalise: average}",
      text: "RUN.yaml: preference.normalise: \"average\" is not known (one of: sum, mean)"),
    Case(
      adding: "preference: {length_weight: 1}",
      text:
        "RUN.yaml: preference.length_weight: unknown key, did you mean \"alpha\"? (keys here: model, parameterization, beta, estimator, gamma, reward_scale, preferred, alpha, normalise, convention, label_smoothing, reward_temperature, simpo_gamma, gamma_beta_ratio, slic_delta, nll_weight, lipo_labels, desirable_weight, undesirable_weight, desirable_threshold)"
    ),
    Case(
      adding: "preference: {gamma: hard}",
      text:
        "RUN.yaml: preference.gamma: \"hard\" is not a section; expected keys schedule, start, end, stairs, value, points"
    ),
    Case(
      adding: "preference: {gamma: {schedule: stair}}",
      text:
        "RUN.yaml: preference.gamma.schedule: \"stair\" is not known, did you mean \"staircase\"? (one of: staircase, staircase_reference, linear, constant, piecewise)"
    ),
    Case(
      adding: "preference: {gamma: {schedule: constant}}",
      text: "RUN.yaml: preference.gamma.value: missing; schedule constant needs it"),
    Case(
      adding: "preference: {gamma: {schedule: linear, stairs: 3}}",
      text: "RUN.yaml: preference.gamma.stairs: is not used by schedule linear, which reads start, end"),
    Case(
      adding: "preference: {gamma: {schedule: staircase_reference, value: 3}}",
      text:
        "RUN.yaml: preference.gamma.value: is not used by schedule staircase_reference, which reads start, end, stairs"),
    Case(
      adding: "preference: {gamma: {stairs: 0}}",
      text: "RUN.yaml: preference.gamma.stairs: 0 is not allowed; expected a whole number from 1 to 10000"),
    Case(
      adding: "preference: {gamma: {schedule: piecewise}}",
      text:
        "RUN.yaml: preference.gamma.points: missing; schedule piecewise needs a list of [fraction, γ] such as [[0, -5], [0.5, 0], [1, 5]]"
    ),
    Case(
      adding: "preference: {gamma: {schedule: piecewise, points: []}}",
      text:
        "RUN.yaml: preference.gamma.points: an empty list is not a list of [fraction, γ] such as [[0, -5], [0.5, 0], [1, 5]]"
    ),
    Case(
      adding: "preference: {gamma: {schedule: piecewise, points: [[0, 1], 3]}}",
      text: "RUN.yaml: preference.gamma.points.1: \"3\" is not a pair [fraction, γ]"),
    Case(
      adding: "preference: {gamma: {schedule: piecewise, points: [[0.5, 1], [0.25, 2]]}}",
      text: "RUN.yaml: preference.gamma.points.1: fraction 0.25 comes before the last point's 0.5"),
    Case(
      adding: "preference: {gamma: {schedule: piecewise, points: [[2, 1]]}}",
      text: "RUN.yaml: preference.gamma.points.0.0: 2 is not allowed; expected a fraction of the run from 0 to 1"),
    Case(
      adding: "preference: {gamma: {schedule: piecewise, points: [[0, x]]}}",
      text: "RUN.yaml: preference.gamma.points.0.1: \"x\" is not a number"),
    Case(
      adding: "adapter: {r: 0}",
      text: "RUN.yaml: adapter.r: 0 is not allowed; expected a whole number from 1 to 4096"),
    Case(
      adding: "adapter: {r: 2.5}",
      text: "RUN.yaml: adapter.r: 2.5 is not a whole number"),
    Case(
      adding: "adapter: {r: 99999999999999999999}",
      text: "RUN.yaml: adapter.r: 99999999999999999999 is not allowed; expected a whole number from 1 to 4096"),
    Case(
      adding: "adapter: {r: eight}",
      text: "RUN.yaml: adapter.r: \"eight\" is not a number"),
    Case(
      adding: "adapter: {lora_alpha: 0}",
      text: "RUN.yaml: adapter.lora_alpha: 0 is not allowed; expected a number above 0"),
    Case(
      adding: "adapter: {lora_dropout: 0.05}",
      text:
        "RUN.yaml: adapter.lora_dropout: dropout is not supported, because policy and reference must run the same computation; set it to 0"
    ),
    Case(
      adding: "adapter: {target_modules: all_linear}",
      text:
        "RUN.yaml: adapter.target_modules: \"all_linear\" is not all-linear or a list of module names, did you mean \"all-linear\"? (one of: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj)"
    ),
    Case(
      adding: "adapter: {target_modules: '.*'}",
      text:
        "RUN.yaml: adapter.target_modules: \".*\" is not all-linear or a list of module names (one of: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj)"
    ),
    Case(
      adding: "adapter: {target_modules: [q_prj]}",
      text:
        "RUN.yaml: adapter.target_modules.0: \"q_prj\" is not known, did you mean \"q_proj\"? (one of: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj)"
    ),
    Case(
      adding: "adapter: {target_modules: []}",
      text:
        "RUN.yaml: adapter.target_modules: is an empty list; expected all-linear or a list of: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj"
    ),
    Case(
      adding: "adapter: {target_modules: [q_proj, q_proj]}",
      text: "RUN.yaml: adapter.target_modules: q_proj is given twice"),
    Case(
      adding: "adapter: {target_modules: }",
      text:
        "RUN.yaml: adapter.target_modules: no value given; expected all-linear or a list of: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj"
    ),
    Case(
      adding: "adapter: {use_rslora: maybe}",
      text: "RUN.yaml: adapter.use_rslora: \"maybe\" is not true or false"),
    Case(
      adding: "adapter: {use_rslora: }",
      text: "RUN.yaml: adapter.use_rslora: no value given; expected true or false"),
    Case(
      adding: "adapter: {init_from: {}}",
      text: "RUN.yaml: adapter.init_from: a section of keys is not the folder of a PEFT adapter"),
    Case(
      adding: "data: {train: d, eval: e, eval_fraction: 0.1}",
      text: "RUN.yaml: data.eval_fraction: data.eval is given as well; keep one of the two"),
    Case(
      adding: "data: {train: d, eval_fraction: 1}",
      text: "RUN.yaml: data.eval_fraction: 1 is not allowed; expected a number between 0 and 1"),
    Case(
      adding: "data: {train: d, max_length: 10, max_prompt_length: 10}",
      text: "RUN.yaml: data.max_prompt_length: 10 leaves no room for a response within max_length 10"),
    Case(
      adding: "data: {train: d, max_prompt_length: 2048}",
      text: "RUN.yaml: data.max_prompt_length: 2048 leaves no room for a response within max_length 2048"),
    Case(
      adding: "data: {train: d, max_bad_rows: 2}",
      text: "RUN.yaml: data.max_bad_rows: 2 is not allowed; expected a share from 0 to 1"),
    Case(
      adding: "data: {train: d, max_length: 1}",
      text: "RUN.yaml: data.max_length: 1 is not allowed; expected a whole number from 2 to 1048576"),
    Case(
      adding: "data: {train: d, format: [a]}",
      text: "RUN.yaml: data.format: a list is not the name of a data format"),
    .init(
      adding: "data: {train: d, format: hh_rlfh}",
      text:
        "RUN.yaml: data.format: \"hh_rlfh\" is not known, did you mean \"hh_rlhf\"? (one of: halos, pro, nca, sppo, "
        + "simpo, ultrafeedback, ultrafeedback_binarized, pku_helpful, pku_safe, nectar, exo, ranked, llama_factory, "
        + "llama_factory_sharegpt, axolotl, trl, trl_unpaired, hh_rlhf, trl_implicit, scored)"),
    Case(
      adding: "training: {num_train_epochs: 1, max_steps: 5}",
      text: "RUN.yaml: training.max_steps: training.num_train_epochs is given as well; keep one of the two"),
    Case(
      adding: "training: {num_train_epochs: 0}",
      text: "RUN.yaml: training.num_train_epochs: 0 is not allowed; expected a number above 0 and at most 1000000"),
    Case(
      adding: "training: {max_steps: 0}",
      text: "RUN.yaml: training.max_steps: 0 is not allowed; expected a whole number from 1 to 10000000"),
    Case(
      adding: "training: {learning_rate: 0}",
      text: "RUN.yaml: training.learning_rate: 0 is not allowed; expected a number above 0"),
    Case(
      adding: "training: {learning_rate: .inf}",
      text: "RUN.yaml: training.learning_rate: \".inf\" is not a finite number"),
    Case(
      adding: "training: {learning_rate: 5e}",
      text: "RUN.yaml: training.learning_rate: \"5e\" is not a number"),
    Case(
      adding: "training: {warmup_ratio: 1}",
      text: "RUN.yaml: training.warmup_ratio: 1 is not allowed; expected a number of at least 0 and below 1"),
    Case(
      adding: "training: {lr_scheduler_type: constant, warmup_ratio: 0.1}",
      text:
        "RUN.yaml: training.warmup_ratio: lr_scheduler_type constant has no warmup; use constant_with_warmup or a warmup_ratio of 0"
    ),
    Case(
      adding: "training: {lr_scheduler_type: cosin}",
      text:
        "RUN.yaml: training.lr_scheduler_type: \"cosin\" is not known, did you mean \"cosine\"? (one of: linear, cosine, constant, constant_with_warmup)"
    ),
    Case(
      adding: "training: {weight_decay: -1}",
      text: "RUN.yaml: training.weight_decay: -1 is not allowed; expected a number of at least 0"),
    Case(
      adding: "training: {max_grad_norm: -1}",
      text:
        "RUN.yaml: training.max_grad_norm: -1 is not allowed; expected a number of at least 0 (0 switches clipping off)"
    ),
    Case(
      adding: "training: {seed: -1}",
      text: "RUN.yaml: training.seed: -1 is not allowed; expected a whole number of at least 0"),
    Case(
      adding: "training: {precision: fp16}",
      text: "RUN.yaml: training.precision: \"fp16\" is not known (one of: bf16, fp32)"),
    Case(
      adding: "training: {threads: many}",
      text: "RUN.yaml: training.threads: \"many\" is not auto or a number of threads"),
    Case(
      adding: "training: {threads: 0}",
      text: "RUN.yaml: training.threads: 0 is not allowed; expected a whole number from 1 to 256"),
    Case(
      adding: "training: {eval_steps: 0}",
      text: "RUN.yaml: training.eval_steps: 0 is not allowed; expected a whole number from 1 to 10000000, or null"),
    Case(
      adding: "training: {prompts_per_step: }",
      text: "RUN.yaml: training.prompts_per_step: no value given; expected a whole number from 1 to 1000000"),
    Case(
      adding: "session: [a]",
      text: "RUN.yaml: session: a list is not the path of a folder"),
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
      set: "model.path=3",
      text: "--set model.path: model is \"m\", not a section of keys"),
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

  @Test(arguments: cases) func text(_ expected: Case) {
    let error = #expect(throws: RunFileError.self) {
      try RunFile.decode(yaml: expected.yaml, name: "RUN.yaml", overrides: expected.overrides)
    }
    #expect(error?.description == expected.text)
  }
}
