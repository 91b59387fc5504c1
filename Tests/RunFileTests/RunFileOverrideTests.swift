import PreferenceData
import Testing

@testable import RunFile

@Suite struct RunFileOverrides {
  @Test func valuesAreYAMLAndLaterOnesWin() throws {
    let file = try decode(
      minimal, "training.learning_rate=1e-4", "training.learning_rate = 2e-4", "data.train=[x, y]",
      "adapter.target_modules=[q_proj]", "preference.gamma={schedule: constant, value: 2}", "session=sessions/a=b",
      "training.threads=3")
    #expect(file.training.learningRate == 2e-4)
    #expect(file.data.train == ["x", "y"])
    #expect(file.adapter.targetModules == .names(["q_proj"]))
    #expect(file.preference.gamma == .constant(2))
    #expect(file.session == "sessions/a=b")
    #expect(file.training.threads == 3)
  }

  @Test func aWholeRunFromOverridesAlone() throws {
    #expect(try decode("", "model=m", "data.train=d.jsonl") == RunFile(model: "m", train: ["d.jsonl"]))
  }

  /// A model that is given as a path takes the keys of the section as well.
  @Test func quantizationOfAModel() throws {
    #expect(try decode(minimal).quantize == .none)
    for overrides in [
      ["model.quantize=int8"], ["model.path=m", "model.quantize=int8"], ["model={path: m, quantize: int8}"],
    ] {
      let file = try RunFile.decode(yaml: minimal, name: "RUN.yaml", overrides: overrides)
      #expect(file.model == "m" && file.quantize == .int8)
      #expect(try decode(file.yaml()) == file)
    }
    let section = "model: {path: m, quantize: nf4}\ndata: {train: d.jsonl}\n"
    #expect(try decode(section).quantize == .nf4)
    #expect(try decode(section, "model.quantize=none") == decode(minimal))
    #expect(try decode(section, "model.quantize=null") == decode(minimal))
    // The whole value is another one.
    #expect(try decode(section, "model=n").quantize == .none)
    for (yaml, words) in [
      (
        "{path: m, quantize: nf5}",
        "model.quantize: \"nf5\" is not known, did you mean \"nf4\"? (one of: none, int8, nf4)"
      ),
      ("{quantize: nf4}", "model.path: missing; give the folder of a Hugging Face checkpoint or a GGUF file"),
      (
        "{path: m, quantise: nf4}",
        "model.quantise: unknown key, did you mean \"quantize\"? (keys here: path, quantize)"
      ),
      ("{path: m, load_in_4bit: true}", "model.load_in_4bit: unknown key, did you mean \"quantize\"?"),
      ("[m]", "model: a list is not the folder of a Hugging Face checkpoint"),
    ] {
      let error = #expect(throws: RunFileError.self) { try decode("model: \(yaml)\ndata: {train: d.jsonl}\n") }
      #expect(error?.description.hasPrefix("RUN.yaml: \(words)") == true, "\(String(describing: error))")
    }
  }

  @Test func exclusiveKeysDisplaceEachOther() throws {
    #expect(try decode(contract, "training.max_steps=10").training.duration == .steps(10))
    #expect(
      try decode(contract, "training.max_steps=10", "training.num_train_epochs=0.5").training.duration == .epochs(0.5))
    #expect(try decode(contract, "data.eval=e.jsonl", "data.eval_fraction=0.1").data.evaluation == .fraction(0.1))
    #expect(try decode(contract, "data.eval_fraction=0.1", "data.eval=e.jsonl").data.evaluation == .files(["e.jsonl"]))
    let share = try decode(contract, "data.eval=e", "data.eval_split=test", "data.eval_fraction=0.1").data
    #expect(share.evaluation == .fraction(0.1) && share.evaluationSplit == nil)
    let chat = try decode(contract, "data.chat=always", "data.system=Be brief.", "data.split=train_prefs").data
    #expect(chat.chat == ChatWrapping(.always, system: "Be brief.") && chat.split == "train_prefs")
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
