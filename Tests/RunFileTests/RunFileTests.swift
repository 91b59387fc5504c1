import Foundation
import PreferenceData
import Testing

@testable import Text
@testable import RunFile

/// The run file of the command contract, key by key.
private let contract = """
  model: path/to/checkpoint            # a Hugging Face folder
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
    lr_scheduler_type: cosine
    warmup_ratio: 0.0
    weight_decay: 0.0
    max_grad_norm: 1.0
    seed: 42
    precision: bf16
    threads: auto
    eval_steps: 50
    save_steps: 200
  session: sessions/my-run
  """

private let minimal = "model: m\ndata: {train: d.jsonl}\n"

private func decode(_ yaml: String, _ overrides: String...) throws -> RunFile {
  try RunFile.decode(yaml: yaml, name: "RUN.yaml", overrides: overrides)
}

@Suite struct RunFileDecoding {
  @Test func everyDefaultIsTheContracts() throws {
    var expected = RunFile(model: "path/to/checkpoint", train: ["prefs.jsonl.gz"])
    expected.session = "sessions/my-run"
    #expect(try decode(contract) == expected)
    #expect(
      try decode("model: path/to/checkpoint\ndata:\n  train: prefs.jsonl.gz\nsession: sessions/my-run") == expected)
  }

  @Test func everyKeyIsRead() throws {
    let file = try decode(
      """
      model: /models/smol
      adapter: {r: 4, lora_alpha: 8.5, lora_dropout: 0, target_modules: [q_proj, v_proj], use_rslora: yes, init_from: a/b}
      data:
        train: [a.jsonl, b.jsonl.gz]
        format: trl
        eval_fraction: 0.05
        max_prompt_length: 10
        max_length: 30
        max_bad_rows: 0.25
      preference:
        model: pl
        parameterization: ipo
        beta: 0.5
        estimator: sample_n
        gamma: {schedule: piecewise, points: [[0, -5], [0.5, 1e-1], [1, 5]]}
        reward_scale: prompt_zscore
        normalise: sum
        label_smoothing: 0.1
        convention: trl
        reward_temperature: 2
        simpo_gamma: 0
        gamma_beta_ratio: 0.5
        slic_delta: 1
        nll_weight: 0.25
        lipo_labels: raw
        desirable_weight: 1
        undesirable_weight: 1.5
        desirable_threshold: -1
        preferred: 3
        alpha: -0.5
      training:
        max_steps: 1_000
        prompts_per_step: 2
        learning_rate: 5e-7
        lr_scheduler_type: constant_with_warmup
        warmup_ratio: .5
        weight_decay: 0.01
        max_grad_norm: 0
        seed: 0
        precision: fp32
        threads: 2
        eval_steps: null
        save_steps: 7
      """)
    var expected = RunFile(model: "/models/smol", train: ["a.jsonl", "b.jsonl.gz"])
    expected.adapter.r = 4
    expected.adapter.loraAlpha = 8.5
    expected.adapter.targetModules = .modules([.q_proj, .v_proj])
    expected.adapter.useRSLoRA = true
    expected.adapter.initFrom = "a/b"
    expected.data.format = .trl
    expected.data.evaluation = .fraction(0.05)
    expected.data.maxPromptLength = 10
    expected.data.maxLength = 30
    expected.data.maxBadRows = 0.25
    expected.preference.model = .pl
    expected.preference.parameterization = .ipo
    expected.preference.beta = 0.5
    expected.preference.estimator = .sampleN
    expected.preference.gamma = .piecewise([
      .init(fraction: 0, value: -5), .init(fraction: 0.5, value: 0.1), .init(fraction: 1, value: 5),
    ])
    expected.preference.rewardScale = .promptZscore
    expected.preference.options.normalise = .sum
    expected.preference.options.labelSmoothing = 0.1
    expected.preference.options.convention = .trl
    expected.preference.options.rewardTemperature = 2
    expected.preference.options.simpoGamma = 0
    expected.preference.options.gammaBetaRatio = 0.5
    expected.preference.options.slicDelta = 1
    expected.preference.options.nllWeight = 0.25
    expected.preference.options.lipoLabels = .raw
    expected.preference.options.desirableWeight = 1
    expected.preference.options.undesirableWeight = 1.5
    expected.preference.options.desirableThreshold = -1
    expected.preference.preferred = 3
    expected.preference.alpha = -0.5
    expected.training.duration = .steps(1000)
    expected.training.promptsPerStep = 2
    expected.training.learningRate = 5e-7
    expected.training.scheduler = .constantWithWarmup
    expected.training.warmupRatio = 0.5
    expected.training.weightDecay = 0.01
    expected.training.maxGradNorm = 0
    expected.training.seed = 0
    expected.training.precision = .fp32
    expected.training.threads = 2
    expected.training.evalSteps = nil
    expected.training.saveSteps = 7
    #expect(file == expected)
    #expect(try decode(file.yaml()) == expected)
  }

  @Test(arguments: [
    ("{schedule: staircase}", RunFile.GammaSettings.staircase(start: -5, end: 5, stairs: 5)),
    ("{start: -1, stairs: 3}", .staircase(start: -1, end: 5, stairs: 3)),
    ("{schedule: staircase_reference, end: 4}", .staircaseReference(start: -5, end: 4, stairs: 5)),
    ("{schedule: linear, start: -2, end: 2.5}", .linear(start: -2, end: 2.5)),
    ("{schedule: constant, value: 2}", .constant(2)),
    ("-1.5", .constant(-1.5)),
    ("null", .standard),
    ("{schedule: piecewise, points: [[0.25, 3]]}", .piecewise([.init(fraction: 0.25, value: 3)])),
  ])
  func gammaSchedules(yaml: String, expected: RunFile.GammaSettings) throws {
    let file = try decode(minimal + "preference: {gamma: \(yaml)}")
    #expect(file.preference.gamma == expected)
    #expect(try decode(file.yaml()) == file)
  }

  @Test func quotedTextStaysText() throws {
    let file = try decode("model: \"null\"\ndata: {train: ['true', \"a: b\"]}\nsession: '~'")
    #expect(file.model == "null")
    #expect(file.data.train == ["true", "a: b"])
    #expect(file.session == "~")
    #expect(try decode(file.yaml()) == file)
  }

  @Test(arguments: [
    "a b", "null", "~", "12", "1e5", "-", "- a", "a: b", "#x", "x #y", "*a", "&a", "!t", "%d", "@x", "`x`", "'q'",
    "say \"hi\"", "back\\slash", "line\nbreak", "tab\there", " lead", "trail ", "naïve", "日本語", "🙂",
    "\u{1}\u{85}\u{2028}",
    "{a}", "[a]", "true", "No", "0x10", ".inf", "2024-01-01", "a,b", "?", "|", ">", "=", "<<", "/abs/path.gz", "-",
  ])
  func yamlRoundTripsAnyText(text: String) throws {
    let file = RunFile(model: text, train: [text, "b"])
    #expect(try decode(file.yaml()) == file)
    let single = RunFile(model: "m", train: [text])
    #expect(try decode(single.yaml()) == single)
  }

  @Test func resolvedTextIsPinned() throws {
    #expect(
      try decode(minimal).yaml() == """
        model: m
        adapter:
          r: 8
          lora_alpha: 16.0
          lora_dropout: 0.0
          target_modules: all-linear
          use_rslora: false
          init_from: null
        data:
          train: d.jsonl
          format: null
          columns: null
          eval: null
          max_prompt_length: 1024
          max_length: 2048
          max_bad_rows: 0.01
        preference:
          model: hps
          parameterization: dpo
          beta: 0.1
          estimator: sample
          gamma:
            schedule: staircase
            start: -5.0
            end: 5.0
            stairs: 5
          reward_scale: none
          preferred: 1
          alpha: 0.05
          normalise: null
          convention: null
          label_smoothing: null
          reward_temperature: null
          simpo_gamma: null
          gamma_beta_ratio: null
          slic_delta: null
          nll_weight: null
          lipo_labels: null
          desirable_weight: null
          undesirable_weight: null
          desirable_threshold: null
        training:
          num_train_epochs: 2.0
          prompts_per_step: 16
          learning_rate: 5.0e-05
          lr_scheduler_type: cosine
          warmup_ratio: 0.0
          weight_decay: 0.0
          max_grad_norm: 1.0
          seed: 42
          precision: bf16
          threads: auto
          eval_steps: 50
          save_steps: 200
          save_total_limit: null
          metric_for_best_model: null
        session: null

        """)
  }

  @Test func readsAFileAndNamesIt() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("runfile-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("run.yaml").path
    try Data(contract.utf8).write(to: URL(fileURLWithPath: path))
    #expect(try RunFile.read(path: path, overrides: ["training.seed=7"]).training.seed == 7)
    #expect(throws: RunFileError("\(folder.path): is a folder, not a run file")) { try RunFile.read(path: folder.path) }
    #expect(throws: RunFileError("\(path)x: no such file")) { try RunFile.read(path: path + "x") }
    try Data([0x6D, 0xFF, 0xFE]).write(to: URL(fileURLWithPath: path))
    #expect(throws: RunFileError("\(path): is not UTF-8 text")) { try RunFile.read(path: path) }
    try Data(repeating: 0x23, count: 300 * 1024).write(to: URL(fileURLWithPath: path))
    #expect(throws: RunFileError("\(path): is larger than 256 KB, which no run file is")) {
      try RunFile.read(path: path)
    }
  }
}

@Suite struct RunFileOverrides {
  @Test func valuesAreYAMLAndLaterOnesWin() throws {
    let file = try decode(
      minimal, "training.learning_rate=1e-4", "training.learning_rate = 2e-4", "data.train=[x, y]",
      "adapter.target_modules=[q_proj]", "preference.gamma={schedule: constant, value: 2}", "session=sessions/a=b",
      "training.threads=3")
    #expect(file.training.learningRate == 2e-4)
    #expect(file.data.train == ["x", "y"])
    #expect(file.adapter.targetModules == .modules([.q_proj]))
    #expect(file.preference.gamma == .constant(2))
    #expect(file.session == "sessions/a=b")
    #expect(file.training.threads == 3)
  }

  @Test func aWholeRunFromOverridesAlone() throws {
    #expect(try decode("", "model=m", "data.train=d.jsonl") == RunFile(model: "m", train: ["d.jsonl"]))
  }

  @Test func exclusiveKeysDisplaceEachOther() throws {
    #expect(try decode(contract, "training.max_steps=10").training.duration == .steps(10))
    #expect(
      try decode(contract, "training.max_steps=10", "training.num_train_epochs=0.5").training.duration == .epochs(0.5))
    #expect(try decode(contract, "data.eval=e.jsonl", "data.eval_fraction=0.1").data.evaluation == .fraction(0.1))
    #expect(try decode(contract, "data.eval_fraction=0.1", "data.eval=e.jsonl").data.evaluation == .files(["e.jsonl"]))
  }

  @Test func aNewScheduleDropsTheOldOnesKeys() throws {
    #expect(
      try decode(contract, "preference.gamma.schedule=constant", "preference.gamma.value=1").preference.gamma
        == .constant(1))
    #expect(
      try decode(contract, "preference.gamma.schedule=staircase_reference").preference.gamma
        == .staircaseReference(start: -5, end: 5, stairs: 5))
    #expect(
      try decode(contract, "preference.gamma.schedule=linear", "preference.gamma.end=2").preference.gamma
        == .linear(start: -5, end: 2))
  }

  @Test func theFifteenCellsComeFromOneFile() throws {
    for model in ["bt", "pl", "hps"] {
      for parameterization in ["dpo", "exo", "ipo", "sppo", "nca"] {
        let file = try decode(
          contract, "preference.model=\(model)", "preference.parameterization=\(parameterization)")
        #expect(file.preference.model.rawValue == model)
        #expect(file.preference.parameterization.rawValue == parameterization)
      }
    }
  }
}

@Suite struct RunFileHostileInput {
  /// xorshift64*, so that a failure repeats.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return state &* 2_685_821_657_736_338_717
    }
  }

  @Test func mutatedFilesAreReadOrRefused() throws {
    var generator = Generator(state: 7)
    let pieces = [
      "[", "]", "{", "}", ":", "- ", "\n", "  ", "\t", "null", ".nan", "1e999", "&a", "*a", "<<: ", "!!binary ", "|\n",
      "'", "\"", "#", "?", "%", "\u{0}", "é", "\u{FEFF}", "---\n", "-1", "99999999999999999999",
    ]
    var refused = 0
    for _ in 0..<1_500 {
      var text = Array(contract)
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let at = Int.random(in: 0..<text.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: text.removeSubrange(at..<min(text.count, at + Int.random(in: 1...20, using: &generator)))
        case 1: text.insert(contentsOf: pieces.randomElement(using: &generator) ?? "", at: at)
        default: text.swapAt(at, Int.random(in: 0..<text.count, using: &generator))
        }
      }
      do {
        let file = try decode(String(text))
        #expect(try decode(file.yaml()) == file)
      } catch let error as RunFileError {
        refused += 1
        #expect(!error.description.contains("\n"))
      }
    }
    #expect(refused > 500)
  }

  /// Nine levels of nine aliases: 3.9e8 values if expanded.
  @Test func aliasesThatMultiplyAreRefusedAtOnce() {
    var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let aliases = [String](repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
      yaml += "a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect(
      throws: RunFileError(
        "RUN.yaml: line 2: YAML anchors and aliases (&name, *name) are not supported, write the value out")
    ) { try decode(yaml) }
  }

  @Test(arguments: [
    String(repeating: "- ", count: 100_000), String(repeating: "? ", count: 100_000),
    String(repeating: "{a: ", count: 50_000), String(repeating: "[", count: 200_000),
    (0..<600).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"),
  ])
  func deepNestingIsRefused(yaml: String) {
    #expect(throws: RunFileError.self) { try decode(yaml) }
  }
}

@Suite struct DataColumns {
  private func data(_ columns: String, overrides: [String] = []) throws -> RunFile.DataSettings {
    try RunFile.decode(yaml: "model: m\ndata: {train: d, columns: \(columns)}", name: "RUN.yaml", overrides: overrides)
      .data
  }

  @Test func mapsNames() throws {
    #expect(
      try data("{prompt: history, responses: [human_ref_A, human_ref_B], rewards: [score_A, score_B]}").columns
        == ColumnMap(prompt: "history", responses: ["human_ref_A", "human_ref_B"], rewards: ["score_A", "score_B"]))
    #expect(try data("{rewards: helpfulness}").columns == ColumnMap(rewards: ["helpfulness"]))
    // Without rewards several responses are in order, best first.
    #expect(try data("{responses: [good, bad]}").columns == ColumnMap(responses: ["good", "bad"], rewards: []))
    #expect(try data("null").columns == nil)
    #expect(try data("{rewards: score}", overrides: ["data.columns.prompt=q"]).columns?.prompt == "q")
  }

  @Test func writesWhatItReads() throws {
    for columns in ["{prompt: q, responses: [a, b], rewards: [c, d]}", "{responses: [a, b]}", "{rewards: r}"] {
      let file = try RunFile.decode(yaml: "model: m\ndata: {train: d, columns: \(columns)}", name: "RUN.yaml")
      #expect(try RunFile.decode(yaml: file.yaml(), name: "again") == file)
    }
  }

  @Test(arguments: [
    (
      "{response: a}",
      "data.columns.response: unknown key, did you mean \"responses\"? (keys here: prompt, responses, rewards)"
    ),
    ("{responses: [a, b], rewards: [c]}", "data.columns: 2 response columns, but 1 reward columns"),
    ("{responses: [a, a]}", "data.columns: \"a\" is named twice"),
    ("{prompt: [a]}", "data.columns.prompt: a list is not the name of a column"),
    ("shp", "data.columns: \"shp\" is not a section; expected keys prompt, responses, rewards"),
  ]) func refusals(columns: String, sentence: String) {
    #expect(throws: RunFileError("RUN.yaml: " + sentence)) { try data(columns) }
  }

  @Test func excludesAFormat() {
    #expect(throws: RunFileError("RUN.yaml: data.columns: data.format is given as well; keep one of the two")) {
      try RunFile.decode(
        yaml: "model: m\ndata: {train: d, format: trl, columns: {rewards: r}}", name: "RUN.yaml")
    }
  }

  /// A dash alone is a list to YAML.
  @Test func standardInputByOverride() throws {
    let file = try RunFile.decode(
      yaml: "model: m\ndata: {train: d}", name: "RUN.yaml", overrides: ["data.train=-", "data.eval= - "])
    #expect(file.data.train == ["-"] && file.data.evaluation == .files(["-"]))
  }
}

@Suite struct NameSuggestions {
  @Test func distances() {
    // swap of neighbours 1; kitten → sitting 3 substitutions and an insertion.
    #expect(NameSuggestion.damerauLevenshtein(Array("dop"), Array("dpo")) == 1)
    #expect(NameSuggestion.damerauLevenshtein(Array("kitten"), Array("sitting")) == 3)
    #expect(NameSuggestion.damerauLevenshtein([], Array("abc")) == 3)
  }

  @Test func nearest() {
    #expect(NameSuggestion.nearest(to: "LearningRate", among: ["beta", "learning_rate"]) == "learning_rate")
    #expect(NameSuggestion.nearest(to: "zscore", among: ["none", "prompt_zscore"]) == "prompt_zscore")
    #expect(NameSuggestion.nearest(to: "x", among: ["beta"]) == nil)
    #expect(NameSuggestion.nearest(to: "", among: ["beta"]) == nil)
  }
}
