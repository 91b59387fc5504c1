extension RunFileErrorTexts {
  /// The section `preference`.
  static let preferenceCases: [Case] = [
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
        "RUN.yaml: preference.parameterization: \"dop\" is not known, did you mean \"dpo\"? (one of: \(lossNames))"
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
        "RUN.yaml: preference.length_weight: unknown key, did you mean \"alpha\"? (keys here: \(preferenceKeys))"
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
  ]

  /// The sections `adapter`, `data` and `training`, and the session.
  static let settingCases: [Case] = [
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
        "RUN.yaml: adapter.target_modules: \"all_linear\" is not all-linear, a list of module names or a regular expression, did you mean \"all-linear\"? (one of: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, qkv_proj, gate_up_proj, query_key_value, dense, dense_h_to_4h, dense_4h_to_h)"
    ),
    Case(
      adding: "adapter: {target_modules: '.*(q_proj'}",
      text:
        "RUN.yaml: adapter.target_modules: the regular expression \".*(q_proj\" cannot be used: a group does not end"
    ),
    Case(
      adding: "adapter: {target_modules: [q_prj]}",
      text:
        "RUN.yaml: adapter.target_modules.0: \"q_prj\" is not known, did you mean \"q_proj\"? (one of: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, qkv_proj, gate_up_proj, query_key_value, dense, dense_h_to_4h, dense_4h_to_h)"
    ),
    Case(
      adding: "adapter: {target_modules: []}",
      text:
        "RUN.yaml: adapter.target_modules: is an empty list; expected all-linear, a list of module names or a regular expression (one of: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, qkv_proj, gate_up_proj, query_key_value, dense, dense_h_to_4h, dense_4h_to_h)"
    ),
    Case(
      adding: "adapter: {target_modules: [q_proj, q_proj]}",
      text: "RUN.yaml: adapter.target_modules: q_proj is given twice"),
    Case(
      adding: "adapter: {target_modules: }",
      text:
        "RUN.yaml: adapter.target_modules: no value given; expected all-linear, a list of module names or a regular expression (one of: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, qkv_proj, gate_up_proj, query_key_value, dense, dense_h_to_4h, dense_4h_to_h)"
    ),
    Case(
      adding: "adapter: {exclude_modules: all-linear}",
      text:
        "RUN.yaml: adapter.exclude_modules: \"all-linear\" is not a list of module names or a regular expression (one of: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, qkv_proj, gate_up_proj, query_key_value, dense, dense_h_to_4h, dense_4h_to_h)"
    ),
    Case(
      adding: "adapter: {layers_to_transform: [1, -1]}",
      text:
        "RUN.yaml: adapter.layers_to_transform.1: -1 is not allowed; expected a layer's number from 0 on, or a list of them"
    ),
    Case(
      adding: "adapter: {layers_to_transform: []}",
      text:
        "RUN.yaml: adapter.layers_to_transform: is an empty list; expected a layer's number from 0 on, or a list of them"
    ),
    Case(
      adding: "adapter: {target_modules: '.*q_proj', layers_to_transform: 1}",
      text:
        "RUN.yaml: adapter.layers_to_transform: is for module names; a regular expression in target_modules names the layers itself"
    ),
    Case(
      adding: "adapter: {rank_pattern: {q_proj: 1.5}}",
      text: "RUN.yaml: adapter.rank_pattern.q_proj: 1.5 is not allowed; expected a whole number from 1 to 4096"),
    Case(
      adding: "adapter: {rank_pattern: [4]}",
      text:
        "RUN.yaml: adapter.rank_pattern: a list is not a section of module names, each with a whole number from 1 to 4096"
    ),
    Case(
      adding: "adapter: {alpha_pattern: {'q_(proj': 2}}",
      text:
        "RUN.yaml: adapter.alpha_pattern: the regular expression \"q_(proj\" cannot be used: a group does not end"),
    Case(
      adding: "adapter: {loraplus_lr_ratio: 0}",
      text: "RUN.yaml: adapter.loraplus_lr_ratio: 0 is not allowed; expected a number above 0"),
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
      adding: "data: {train: d, eval_split: test}",
      text: "RUN.yaml: data.eval_split: names a split of data.eval, which is not given"),
    Case(
      adding: "data: {train: d, chat: allways}",
      text: "RUN.yaml: data.chat: \"allways\" is not known, did you mean \"always\"? (one of: auto, always, never)"),
    Case(
      adding: "data: {train: d, chat: never, system: Be brief.}",
      text: "RUN.yaml: data.system: data.chat is never, so that no row has turns; take one of the two out"),
    Case(
      adding: "data: {train: d, system: ' '}",
      text: "RUN.yaml: data.system: is blank; expected the text of a system turn, or null"),
    Case(
      adding: "data: {train: d, system_prompt: Be brief.}",
      text:
        "RUN.yaml: data.system_prompt: unknown key, did you mean \"system\"? (keys here: train, split, format, columns, "
        + "eval, eval_split, eval_fraction, chat, system, max_prompt_length, max_length, max_bad_rows)"),
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
  ]
}
