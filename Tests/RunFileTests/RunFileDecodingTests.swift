import Foundation
import Preference
import Testing

@testable import RunFile

@Suite struct RunFileDecoding {
  /// The smallest run file with every default written out.
  private static let resolved = """
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
      split: null
      format: null
      columns: null
      eval: null
      chat: auto
      system: null
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
    \(scheduleDefaults)
      save_total_limit: null
      metric_for_best_model: null
    session: null

    """

  @Test func everyDefaultIsTheContracts() throws {
    var expected = RunFile(model: "path/to/checkpoint", train: ["prefs.jsonl.gz"])
    expected.session = "sessions/my-run"
    #expect(try decode(contract) == expected)
    #expect(
      try decode("model: path/to/checkpoint\ndata:\n  train: prefs.jsonl.gz\nsession: sessions/my-run") == expected)
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

  /// With the options of the 16 first losses; those of later ones follow, as RegisteredLossTests shows.
  @Test func resolvedTextIsPinned() throws {
    let losses = LossRegistry(Array(LossRegistry.standard.losses.prefix(16)))
    #expect(try RunFile.decode(yaml: minimal, name: "RUN.yaml", losses: losses).yaml() == Self.resolved)
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
