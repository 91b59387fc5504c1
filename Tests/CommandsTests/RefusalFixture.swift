import Checkpoint
import DemoWorld
import Foundation
import Model
import TestSupport

/// A folder with rows, a run file that is right, and all that a run file can wrongly name.
struct RefusalFixture {
  let folder: TemporaryFolder
  let model: String

  var path: String { folder.path }
  var runFile: String { path + "/run.yaml" }

  init() throws {
    folder = try TemporaryFolder()
    model = try DemoWorld.resources().modelPath
    try write(
      "run.yaml",
      """
      model: '\(model)'
      data: {train: '\(path)/rows.jsonl'}
      training: {max_steps: 1, prompts_per_step: 1, precision: fp32, threads: 1, eval_steps: null}
      session: '\(path)/new'

      """)
    try writeData()
    try writeModels()
    try write("old/run.yaml", "model: m\n")
    try write("foreign/checkpoint-5/adapter_config.json", "{}")
    try write("empty.yaml", "")
    try write("list.yaml", "[1, 2]\n")
    try write("evals.yaml", "model: m\ndata: {train: a, eval: b, eval_fraction: 0.5}\n")
    try write("lengths.yaml", "model: m\ndata: {train: a}\ntraining: {max_steps: 1, num_train_epochs: 1}\n")
    try write("nomodel.yaml", "data: {train: a.jsonl}\n")
  }

  func write(_ name: String, _ text: String) throws {
    let url = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  private func writeData() throws {
    let rows = """
      {"prompt": "How do I clean a pan?", "responses": ["Soak it in warm water.", "I like turtles."], "rewards": [2, 0]}
      {"prompt": "How do I fix a tap?", "responses": ["Change the washer.", "Shout at it."], "rewards": [1.5, -1]}

      """
    try write("rows.jsonl", rows)
    try write("broken.jsonl", rows + "not json\n")
    try write("empty.jsonl", "")
    try write("unknown.jsonl", #"{"colour": "blue"}"# + "\n")
    try write("parquet.jsonl", "PAR1 and more")
    for split in ["train", "dev", "test"] {
      try write("splits/\(split).csv", "prompt,chosen,rejected\nHow do I clean a pan?, Soak it., No.\n")
    }
    try write(
      "turns.jsonl",
      #"{"prompt": [{"role": "user", "content": "a?"}], "responses": ["b", "c"], "rewards": [1, 0]}"# + "\n")
    try write("notgzip.jsonl.gz", "\u{1}not gzip")
    try write("ties.jsonl", #"{"prompt": "a?", "responses": ["b", "c"], "rewards": [1, 1]}"# + "\n")
    try write(
      "single.jsonl",
      """
      {"prompt": "How do I clean a pan?", "completion": "Soak it in warm water.", "label": true}
      {"prompt": "How do I fix a tap?", "completion": "Shout at it.", "label": false}

      """)
    try write("long.jsonl", rows.replacingOccurrences(of: "a pan", with: String(repeating: "a pan ", count: 400)))
  }

  /// The demo's model, each time with something changed.
  private func writeModels() throws {
    try write("nothing/notes.txt", "nothing")
    try changed("gpt2", "config.json") { try edited($0, ["model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]]) }
    try changed("window", "config.json") {
      try edited(
        $0, ["model_type": "mistral", "architectures": ["MistralForCausalLM"], "sliding_window": 64])
    }
    try changed("context", "config.json") { try edited($0, ["max_position_embeddings": 8]) }
    try changed("shapes", "config.json") { try edited($0, ["intermediate_size": 1]) }
    try changed("untemplated", "tokenizer_config.json") { try edited($0, ["chat_template": NSNull()]) }
    try changed("notjson", "config.json") { _ in Data("{".utf8) }
    try changed("tokenizer", "tokenizer.json") { _ in Data("{}".utf8) }
    try changed("truncated", "model.safetensors") { $0.prefix($0.count / 2) }
    let configuration = try CheckpointFolder(path: model).configuration
    try LoRAAdapter(
      configuration: LoRAConfiguration(rank: 8, alpha: 16, targetModules: LinearKind.allCases), model: configuration,
      seed: 1
    ).write(to: URL(fileURLWithPath: path + "/adapter"), baseModelName: "m")
    let plain = try AdapterFolder.read(path: path + "/adapter", model: configuration)
    try AdapterFolder.write(
      configuration: plain.configuration, tensors: plain.tensors,
      scoreHead: ScoreHead(labels: 1, weight: [Float](repeating: 0, count: configuration.hiddenSize)),
      baseModelName: "m",
      to: URL(fileURLWithPath: path + "/reward"))
    var dora = plain.configuration
    dora.usesDoRA = true
    var tensors = plain.tensors
    for (address, own) in tensors { tensors[address]?.magnitude = [Float](repeating: 1, count: own.up.count / 8) }
    try AdapterFolder.write(
      configuration: dora, tensors: tensors, baseModelName: "m", to: URL(fileURLWithPath: path + "/dora"))
    try write("badadapter/adapter_config.json", #"{"peft_type": "LORA", "r": "many"}"#)
    try write("badadapter/adapter_model.safetensors", "")
  }

  private func changed(_ name: String, _ file: String, _ change: (Data) throws -> Data) throws {
    let target = path + "/" + name
    try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
    for entry in try FileManager.default.contentsOfDirectory(atPath: model) {
      let source = URL(fileURLWithPath: model + "/" + entry)
      if entry == file {
        try change(Data(contentsOf: source)).write(to: URL(fileURLWithPath: target + "/" + entry))
      } else {
        try FileManager.default.createSymbolicLink(atPath: target + "/" + entry, withDestinationPath: source.path)
      }
    }
  }

  private func edited(_ json: Data, _ values: [String: Any]) throws -> Data {
    var object = try JSONSerialization.jsonObject(with: json) as? [String: Any] ?? [:]
    object.merge(values) { $1 }
    return try JSONSerialization.data(withJSONObject: object)
  }
}
