import Control
import Foundation
import RunFile
import Session
import Testing
import Training

@testable import Commands

/// `check` is the promise that `train` begins: one list of run files, good and bad, drives both.
struct PreparationTests {
  /// What is wrong, as `--set` says it over a run file that is right; `{F}` is the fixture's folder.
  struct Bad: CustomTestStringConvertible, Sendable {
    var code: Int32
    /// In the sentence.
    var words: String
    var settings: [String]
    var file = "run.yaml"
    var memory: Int?

    init(_ code: Int32, _ words: String, _ settings: String..., file: String = "run.yaml", memory: Int? = nil) {
      (self.code, self.words, self.settings, self.file, self.memory) = (code, words, settings, file, memory)
    }

    var testDescription: String { ([file] + settings).joined(separator: " ") }
  }

  private enum Verdict: Equatable {
    case accepted
    case refused(code: Int32, sentence: String)

    init(_ error: any Error) { self = .refused(code: ExitStatus(error).rawValue, sentence: "\(error)") }
  }

  private static let fixture = Result { try RefusalFixture() }

  private static func session(_ words: [String], in folder: String) -> String {
    "\(folder)/run-\(words.joined().utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) })"
  }

  private func plan(_ settings: [String], file: String, memory: Int?) throws -> RunPlan {
    let fixture = try Self.fixture.get()
    let path = fixture.path + "/" + file
    var overrides = settings.map { $0.replacingOccurrences(of: "{F}", with: fixture.path) }
    // Each in a folder of its own, so that one that were accepted would not spoil the others.
    if file == "run.yaml", !settings.contains(where: { $0.hasPrefix("session=") }) {
      overrides.append("session=\(Self.session(settings + [file, "\(memory ?? 0)"], in: fixture.path))")
    }
    var plan = SessionChoice.plan(try RunFile.read(path: path, overrides: overrides), at: path, session: nil)
    plan.availableMemory = memory
    return plan
  }

  private func check(_ settings: [String], file: String = "run.yaml", memory: Int? = nil) -> (Verdict, lines: [String])
  {
    var lines: [String] = []
    do {
      let plan = try plan(settings, file: file, memory: memory)
      try CheckReport(file: plan.runFile) { lines.append($0) }.run(plan)
      return (.accepted, lines)
    } catch {
      return (Verdict(error), lines)
    }
  }

  private func train(_ settings: [String], file: String = "run.yaml", memory: Int? = nil) -> Verdict {
    do {
      var plan = try plan(settings, file: file, memory: memory)
      let recorder = plan.sessionPath.map(SessionRecorder.init)
      plan.recorder = recorder
      let handle = RunHandle { recorder?.observe($0) }
      handle.start(plan)
      let outcome = handle.wait()
      _ = recorder?.close()
      switch outcome {
      case .finished: return .accepted
      case .failed(let error): return Verdict(error)
      }
    } catch {
      return Verdict(error)
    }
  }

  static let bad: [Bad] = [
    // The run file.
    Bad(2, "no such file", file: "absent.yaml"),
    Bad(2, "is empty; a run file needs at least model and data.train", file: "empty.yaml"),
    Bad(2, "is a list, not a run file", file: "list.yaml"),
    Bad(2, "is a folder, not a run file", file: "old"),
    Bad(2, "model: missing", file: "nomodel.yaml"),
    Bad(2, "unknown key, did you mean \"learning_rate\"?", "training.learning_rat=1"),
    Bad(2, "unknown key", "colour=blue"),
    Bad(2, "is not a number", "preference.beta=abc"),
    Bad(2, "is not a finite number", "preference.gamma.end=.nan"),
    Bad(2, "is not a whole number", "training.max_steps=2.5"),
    Bad(2, "expected a whole number from 1 to 4096", "adapter.r=4097"),
    Bad(2, "expected a whole number from 1 to 256", "training.threads=257"),
    Bad(2, "is not known, did you mean \"cosine\"?", "training.lr_scheduler_type=cosin"),
    Bad(2, "is not true or false", "adapter.use_rslora=maybe"),
    Bad(2, "is not a section", "training=[1]"),
    Bad(2, "expected key.path=value", "training"),
    Bad(2, "data.eval is given as well", file: "evals.yaml"),
    Bad(2, "training.num_train_epochs is given as well", file: "lengths.yaml"),
    // The objective.
    Bad(2, "label_smoothing", "preference.label_smoothing=0.1"),
    Bad(2, "preferred", "preference.model=bt", "preference.preferred=2"),
    Bad(
      2, "so it needs at least 2", "preference.model=bt", "preference.parameterization=kto"),
    Bad(2, "preference.alpha: is read by rdpo", "preference.alpha=0.3"),
    // The session.
    Bad(2, "already holds a run", "session={F}/old"),
    Bad(2, "which is no checkpoint of this run", "session={F}/foreign"),
    Bad(5, "cannot be written: Not a directory", "session=/dev/null/run"),
    Bad(5, "cannot be written: Not a directory", "session={F}/rows.jsonl"),
    // The model and the adapter.
    Bad(4, "there is no such folder", "model={F}/absent"),
    Bad(4, "is not a usable checkpoint folder", "model={F}/nothing"),
    Bad(4, "not supported", "model={F}/gpt2"),
    Bad(4, "config.json", "model={F}/notjson"),
    Bad(4, "shape", "model={F}/shapes"),
    Bad(4, "tokenizer.json", "model={F}/tokenizer"),
    Bad(4, "model.safetensors", "model={F}/truncated"),
    Bad(
      4, "more than the model's context of 8", "model={F}/context"),
    Bad(4, "there is no such folder", "adapter.init_from={F}/absent"),
    Bad(4, "adapter_config.json", "adapter.init_from={F}/badadapter"),
    Bad(2, "adapter.r: 4 contradicts the adapter", "adapter.init_from={F}/adapter", "adapter.r=4"),
    Bad(4, "training an adapter of DoRA (use_dora) is not supported", "adapter.init_from={F}/dora"),
    Bad(4, "an adapter of a reward model (task_type SEQ_CLS)", "adapter.init_from={F}/reward"),
    Bad(
      2, "adapter.target_modules: \"qkv_proj\" names no module of this llama model",
      "adapter.target_modules=[qkv_proj]"),
    Bad(2, "adapter.layers_to_transform: 99 is no layer of a model", "adapter.layers_to_transform=99"),
    Bad(2, "adapter.rank_pattern: \"k_prj\" matches no adapted module", "adapter.rank_pattern={k_prj: 2}"),
    Bad(
      2, "adapter.exclude_modules: leaves no module", "adapter.target_modules=q_proj", "adapter.exclude_modules=q_proj"),
    // The data.
    Bad(3, "absent.jsonl: no such file", "data.train={F}/absent.jsonl"),
    Bad(3, "absent.jsonl: no such file", "data.eval={F}/absent.jsonl"),
    Bad(3, "has no rows", "data.train={F}/empty.jsonl"),
    Bad(3, "has no rows", "data.eval={F}/empty.jsonl"),
    Bad(3, "no known format has the keys", "data.train={F}/unknown.jsonl"),
    Bad(3, "more than data.max_bad_rows allows", "data.train={F}/broken.jsonl"),
    Bad(3, "the file is damaged", "data.train={F}/parquet.jsonl"),
    Bad(3, "no file matches this pattern", "data.train={F}/none-*.jsonl"),
    Bad(3, "is a folder without data files", "data.train={F}/nothing"),
    Bad(3, "is no folder that data.split could choose a split of", "data.split=train"),
    Bad(3, "it has the splits dev, test, train; choose one with data.eval_split", "data.eval={F}/splits"),
    Bad(3, "has no split \"valid\"", "data.train={F}/splits", "data.split=valid"),
    Bad(3, "line 1: is plain text, which has no place for data.system", "data.system=Be brief."),
    Bad(3, "line 1: has messages, which only a chat template", "data.train={F}/turns.jsonl", "data.chat=never"),
    Bad(4, "has no chat template, which data.chat: always needs", "model={F}/untemplated", "data.chat=always"),
    Bad(3, "notgzip.jsonl.gz", "data.train={F}/notgzip.jsonl.gz"),
    Bad(3, "is a device", "data.train=/dev/zero"),
    Bad(3, "no row can be used: 1 row read as ranked, 0 kept, 1 dropped", "data.train={F}/ties.jsonl"),
    Bad(3, "with preference.preferred 100 none has a dispreferred response", "preference.preferred=100"),
    Bad(2, "holds out all 2 prompts", "data.eval_fraction=0.999"),
    Bad(
      3, "preference.model pl would judge each of their responses on its own", "data.train={F}/ties.jsonl",
      "preference.model=bt", "preference.parameterization=kto", "training.prompts_per_step=2"),
    Bad(3, "no row can be used", "data.train={F}/single.jsonl", "preference.model=bt"),
    // Memory.
    Bad(5, "of memory are available", memory: 1_000_000),
  ]

  @Test(arguments: bad) func bothRefuseInTheSameWords(_ example: Bad) throws {
    let folder = try Self.fixture.get().path
    let (checked, _) = check(example.settings, file: example.file, memory: example.memory)
    let trained = train(example.settings, file: example.file, memory: example.memory)
    #expect(checked == trained)
    guard case .refused(let code, let sentence) = checked else {
      Issue.record("accepted")
      return
    }
    #expect(code == example.code, "\(sentence)")
    #expect(sentence.contains(example.words), "\(sentence)")
    let session = Self.session(example.settings + [example.file, "\(example.memory ?? 0)"], in: folder)
    #expect(!FileManager.default.fileExists(atPath: session), "a run that did not begin leaves nothing")
  }

  static let good: [[String]] = [
    [],
    ["preference.model=bt"],
    ["preference.model=pl", "preference.parameterization=exo"],
    ["preference.parameterization=rdpo", "preference.alpha=0.1"],
    [
      "preference.model=pl", "preference.parameterization=kto", "training.prompts_per_step=2",
      "data.train={F}/single.jsonl",
    ],
    [
      "preference.model=bt", "preference.parameterization=kto", "training.prompts_per_step=2",
      "data.train={F}/single.jsonl",
    ],
    ["data.train=[{F}/rows.jsonl, {F}/rows.jsonl]", "data.eval={F}/rows.jsonl"],
    ["data.eval_fraction=0.5", "preference.reward_scale=dataset_zscore"],
    ["data.train={F}/broken.jsonl", "data.max_bad_rows=0.5"],
    ["data.train={F}/long.jsonl", "model={F}/window", "data.max_prompt_length=32", "data.max_length=64"],
    ["data.chat=always", "data.system=Be brief."],
    ["data.train={F}/splits", "data.eval={F}/splits", "data.eval_split=dev"],
    ["data.train={F}/splits/t*.csv"],
    ["adapter.init_from={F}/adapter", "adapter.r=8"],
    ["adapter.r=1", "adapter.target_modules=[q_proj]", "training.precision=bf16"],
    [
      "adapter.target_modules=.*(q_proj|up_proj)", "adapter.rank_pattern={q_proj: 2}",
      "adapter.alpha_pattern={0.mlp.*: 3}",
      "adapter.loraplus_lr_ratio=4",
    ],
    ["adapter.layers_to_transform=1", "adapter.exclude_modules=[up_proj]"],
  ]

  @Test(arguments: good) func bothAccept(_ settings: [String]) throws {
    let folder = try Self.fixture.get().path
    let session = Self.session(settings + ["run.yaml", "0"], in: folder)
    let (checked, lines) = check(settings)
    #expect(checked == .accepted)
    #expect(!FileManager.default.fileExists(atPath: session), "check writes nothing")
    #expect(
      lines.filter { !$0.hasPrefix("  ") && !$0.isEmpty && $0 != "held-out data" } == [
        "model", "objective", "data", "memory", "two examples, token by token: [scored] (context)",
      ])
    #expect(train(settings) == .accepted)
    #expect(FileManager.default.fileExists(atPath: session + "/run.yaml"))
  }

  /// The page shows what the template makes of plain text, and says where it could.
  @Test func chatsAreShown() throws {
    let note =
      "  note: 2 are plain text, though the model has a chat template; data.chat: always makes turns of them (lines 1, 2)"
    // A seed of its own keeps this session apart from those that the other tests make.
    #expect(check(["training.seed=41"]).lines.contains(note))
    /// Tokens of the two prompts, each of which is shown to end with the start of the assistant's turn.
    func promptTokens(_ settings: String...) -> [Int] {
      let (checked, lines) = check(settings + ["training.seed=41"])
      #expect(checked == .accepted && !lines.contains(note))
      let prompts = lines.filter { $0.hasPrefix("  prompt, ") }
      #expect(prompts.allSatisfy { $0.contains("(<|im_end|>)(⏎)(<|im_start|>)(ass)") })
      return prompts.compactMap { Int($0.split(separator: " ")[1]) }
    }
    let (wrapped, briefed) = (
      promptTokens("data.chat=always"), promptTokens("data.chat=always", "data.system=Be brief.")
    )
    #expect(wrapped.count == 2 && zip(wrapped, briefed).allSatisfy { $0 < $1 })
  }

  /// What was found before a fault is on the page, and the title of what could not be read.
  @Test func theSectionsBeforeAFaultAreShown() throws {
    func titles(_ settings: String...) -> [String] {
      check(settings).lines.filter { !$0.hasPrefix("  ") && !$0.isEmpty }
    }
    #expect(titles("model={F}/absent") == [])
    #expect(titles("adapter.init_from={F}/absent") == ["model"])
    #expect(titles("data.train={F}/absent.jsonl") == ["model", "objective", "data"])
    #expect(titles("model={F}/context") == ["model", "objective", "data", "memory"])
  }
}
