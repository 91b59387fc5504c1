import Checkpoint
import Foundation
import Testing

extension EndToEnd {
  /// Weights that hold NaN or an infinity: no command answers as if nothing were wrong, and each names the tensor.
  @Suite("weights that are not finite")
  struct DamagedWeights {
    private static let tensor = "model.layers.1.mlp.up_proj.weight"

    /// A folder with two rows, `rows.jsonl`, and a copy of the demo's model, `model`, in which one element of `tensor`
    /// is replaced.
    private func folder(bits: UInt16 = 0x7FC0, tensor: String = tensor, element: Int = 5) throws -> TemporaryFolder {
      let folder = try TemporaryFolder()
      try FileManager.default.copyItem(atPath: Project.Demo.model, toPath: folder.path("model"))
      try Self.set(bits, tensor: tensor, element: element, in: folder.url("model/model.safetensors"))
      try folder.write("rows.jsonl", EndToEnd.rows)
      return folder
    }

    /// Writes the bf16 value `bits` over an element of a tensor.
    static func set(_ bits: UInt16, tensor: String, element: Int, in url: URL) throws {
      var content = try Data(contentsOf: url)
      let length = (0..<8).reduce(0) { $0 | Int(content[$1]) << (8 * $1) }
      let header = try #require(
        try JSONSerialization.jsonObject(with: content[8..<8 + length]) as? [String: Any])
      let entry = try #require(header[tensor] as? [String: Any])
      let offsets = try #require(entry["data_offsets"] as? [Int])
      let place = 8 + length + offsets[0] + 2 * element
      content[place] = UInt8(truncatingIfNeeded: bits)
      content[place + 1] = UInt8(truncatingIfNeeded: bits >> 8)
      try content.write(to: url)
    }

    private func expectNamed(
      _ result: Program.Result, tensor: String = tensor, _ words: String, element: Int = 5,
      _ location: SourceLocation = #_sourceLocation
    ) {
      #expect(result.ending == .exited(4), "\(result.errors)", sourceLocation: location)
      #expect(result.complaints.count == 1, "\(result.errors)", sourceLocation: location)
      let line = result.complaints.first ?? ""
      #expect(
        line.hasPrefix("error: ")
          && line.hasSuffix(
            "/model/model.safetensors: tensor \"\(tensor)\" holds \(words) at element \(element), so nothing can be "
              + "computed with it; the checkpoint is damaged or was saved from a run that had failed"),
        "\(line)", sourceLocation: location)
    }

    @Test("score", arguments: ["bf16", "fp32"])
    func score(precision: String) async throws {
      let folder = try folder()
      let result = try await Program.run(
        ["score", "--model", "model", "--precision", precision, "-"],
        input: #"{"prompt": "a", "response": " b"}"# + "\n", directory: folder.path)
      expectNamed(result, "NaN")
      #expect(result.output.isEmpty)
    }

    @Test("generate, greedy and sampled", arguments: [["--greedy"], ["--top-p", "0.5"], []])
    func generate(options: [String]) async throws {
      let folder = try folder(bits: 0xFF80)
      let result = try await Program.run(
        ["generate", "--model", "model", "--max-new-tokens", "4"] + options + ["-"],
        input: #"{"prompt": "a"}"# + "\n", directory: folder.path)
      expectNamed(result, "an infinity")
      #expect(result.output.isEmpty)
    }

    /// One row of the head: only one logit of each position is NaN, which no draw would show.
    @Test("a single logit")
    func oneLogit() async throws {
      let folder = try folder(tensor: "model.embed_tokens.weight", element: 192 * 1900)
      let result = try await Program.run(
        ["generate", "--model", "model", "--greedy", "--max-new-tokens", "1", "-"],
        input: #"{"prompt": "a"}"# + "\n", directory: folder.path)
      expectNamed(result, tensor: "model.embed_tokens.weight", "NaN", element: 192 * 1900)
    }

    @Test("train does not blame the learning rate")
    func train() async throws {
      let folder = try folder()
      try folder.write("run.yaml", EndToEnd.runFile(train: "rows.jsonl"))
      let result = try await Program.run(
        ["train", "run.yaml", "--headless", "--session", "s", "--set", "model=model"], directory: folder.path)
      expectNamed(result, "NaN")
    }

    @Test("an adapter that holds NaN is named, not the model")
    func adapter() async throws {
      let folder = try TemporaryFolder()
      let made = try await Program.run(
        EndToEnd.headlessDemo(steps: 1, ["--session", "s"]), directory: folder.path)
      #expect(made.ending == .exited(0))
      let weights = folder.url("s/checkpoint-1/adapter_model.safetensors")
      var content = try Data(contentsOf: weights)
      content.replaceSubrange(content.count - 4..<content.count, with: [0, 0, 0xC0, 0x7F])
      try content.write(to: weights)
      let result = try await Program.run(
        ["score", "--model", Project.Demo.model, "--adapter", "s/checkpoint-1", "-"],
        input: #"{"prompt": "a", "response": " b"}"# + "\n", directory: folder.path)
      #expect(result.ending == .exited(4), "\(result.errors)")
      #expect(
        result.complaints.first?.hasPrefix("error: s/checkpoint-1/adapter_model.safetensors: tensor \"base_model.")
          == true
      )
    }
  }
}
