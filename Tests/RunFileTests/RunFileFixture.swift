import Testing

@testable import RunFile

/// The end of the section `training` with its defaults, as the command contract and a resolved run file have it.
let scheduleDefaults = """
    lr_scheduler_type: cosine
    warmup_ratio: 0.0
    weight_decay: 0.0
    max_grad_norm: 1.0
    seed: 42
    precision: bf16
    threads: auto
    eval_steps: 50
    save_steps: 200
  """

/// The run file of the command contract, key by key.
let contract = """
  model: path/to/checkpoint            # a Hugging Face folder or a .gguf file
  adapter:                             # PEFT names
    r: 8
    lora_alpha: 16
    lora_dropout: 0.0
    target_modules: all-linear         # or a list: [q_proj, v_proj]
    use_rslora: false
    init_from: null                    # continue an existing PEFT adapter
  data:
    train: prefs.jsonl.gz
    eval: null
    max_prompt_length: 1024
    max_length: 2048
  preference:
    model: hps
    parameterization: dpo
    beta: 0.1
    estimator: sample
    gamma: {schedule: staircase, start: -5, end: 5, stairs: 5}
    reward_scale: none
  training:
    num_train_epochs: 2
    prompts_per_step: 16
    learning_rate: 5.0e-5
  \(scheduleDefaults)
  session: sessions/my-run
  """

let minimal = "model: m\ndata: {train: d.jsonl}\n"

func decode(_ yaml: String, _ overrides: String...) throws -> RunFile {
  try RunFile.decode(yaml: yaml, name: "RUN.yaml", overrides: overrides)
}
