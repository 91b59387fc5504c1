import Foundation
import Testing

@testable import Checkpoint

@Suite struct LoRAMergeTests {
  /// PEFT's merge_and_unload in fp32, then torch's cast to the stored type. The products may be summed in another
  /// order: fp32 to 1e-6, bf16 to one unit in the last place (2^-7 of the value), and only for a rare tie.
  @Test(arguments: [("adapter", "mistral-fp32-sharded"), ("adapter-rslora", "llama-bf16")])
  func mergesAsPEFTDoes(adapterName: String, baseName: String) throws {
    let scratch = try CheckpointScratch()
    let base = try CheckpointFolder(path: CheckpointFixtures.path(baseName))
    let adapter = try AdapterFolder.read(path: CheckpointFixtures.path(adapterName), model: base.configuration)
    try LoRAMerge.write(base: base, adapter: adapter, to: scratch["merged"])
    let merged = try CheckpointFolder(path: scratch["merged"].path)
    let golden = try SafetensorsFile(path: CheckpointFixtures.path("\(adapterName).merged.safetensors"))
    #expect(merged.configuration == base.configuration)
    #expect(merged.names == base.names)
    #expect(merged.files.map(\.lastPathComponent) == base.files.map(\.lastPathComponent))
    var unequal = 0
    for name in golden.names {
      let found = try merged.tensor(name)
      #expect(found.type == (try base.tensor(name).type))
      for (mine, theirs) in zip(found.float32(), try golden.tensor(name).float32()) where mine != theirs {
        unequal += 1
        let tolerance = found.type == .fp32 ? 1e-6 + 1e-6 * abs(theirs) : abs(theirs) * 0x1p-7
        #expect(abs(mine - theirs) <= tolerance, "\(name)")
      }
    }
    if baseName == "llama-bf16" { #expect(unequal <= 5) }
    let address = LinearAddress(layer: 0, kind: .q_proj)
    #expect(try merged.tensor("\(address).weight").float32() != base.tensor("\(address).weight").float32())
  }

  /// Fused modules, ranks of their own, and DoRA, whose rows have lengths of their own.
  @Test(arguments: [("dora", "llama"), ("phi3-dora", "phi3"), ("phi3-patterns", "phi3")])
  func mergesWhatDiffersBetweenModules(adapterName: String, baseName: String) throws {
    let scratch = try CheckpointScratch()
    let base = try CheckpointFolder(path: CheckpointFixtures.path("../adapter/\(baseName)"))
    let path = CheckpointFixtures.path("../adapter/\(adapterName)")
    let adapter = try AdapterFolder.read(path: path, model: base.configuration)
    try LoRAMerge.write(base: base, adapter: adapter, to: scratch["merged"])
    let merged = try CheckpointFolder(path: scratch["merged"].path)
    let golden = try SafetensorsFile(path: path + "/merged.safetensors")
    var changed = 0
    for name in golden.names {
      let (found, expected) = (try merged.tensor(name).float32(), try golden.tensor(name).float32())
      if try found != base.tensor(name).float32() { changed += 1 }
      for (mine, theirs) in zip(found, expected) { #expect(abs(mine - theirs) <= 2e-6 + 2e-6 * abs(theirs), "\(name)") }
    }
    #expect(changed == adapter.tensors.count)
  }

  /// An adapter's folder without a session: of MLX as PEFT's, of DoRA as a whole model.
  @Test func exportsAdapterFolders() throws {
    let scratch = try CheckpointScratch()
    let model = CheckpointFixtures.path("../adapter/llama")
    let configuration = try CheckpointFolder(path: model).configuration
    func export(_ name: String) throws -> AdapterExport {
      try AdapterExport(adapter: CheckpointFixtures.path("../adapter/\(name)"), model: model)
    }
    try export("mlx-dora").writeAdapter(to: scratch["peft"].path)
    let peft = try AdapterFolder.read(path: scratch["peft"].path, model: configuration)
    let mlx = try AdapterFolder.read(path: CheckpointFixtures.path("../adapter/mlx-dora"), model: configuration)
    #expect(peft.tensors == mlx.tensors && peft.configuration == mlx.configuration && peft.baseModelName == "llama")
    try export("mlx-dora").writeMerged(to: scratch["merged"].path)
    let merged = try CheckpointFolder(path: scratch["merged"].path).tensor("model.layers.3.mlp.down_proj.weight")
    #expect(try merged.float32() != CheckpointFolder(path: model).tensor(merged.name).float32())
    try export("reward").writeAdapter(to: scratch["reward"].path)
    #expect(try AdapterFolder.read(path: scratch["reward"].path, model: configuration).scoreHead?.labels == 1)
    #expect(
      checkpointRefusal { try export("reward").writeMerged(to: scratch["no"].path) }.contains("an adapter of a reward"))
    #expect(!FileManager.default.fileExists(atPath: scratch["no"].path))
  }

  @Test func leavesAFullFolderAlone() throws {
    let scratch = try CheckpointScratch(copying: "llama-bf16")
    let base = try CheckpointFolder(path: scratch.url.path)
    let adapter = try AdapterFolder.read(path: CheckpointFixtures.path("adapter-rslora"), model: base.configuration)
    #expect(
      checkpointRefusal { try LoRAMerge.write(base: base, adapter: adapter, to: scratch.url) }.contains(
        "the folder is not empty")
    )
  }

  @Test func copiesTokenizersButNoOtherWeights() throws {
    let scratch = try CheckpointScratch(copying: "llama-bf16")
    try scratch.write("{\"t\":1}", as: "tokenizer.json")
    try scratch.write("x", as: "pytorch_model.bin")
    try scratch.write("x", as: ".hidden")
    let base = try CheckpointFolder(path: scratch.url.path)
    let adapter = try AdapterFolder.read(path: CheckpointFixtures.path("adapter-rslora"), model: base.configuration)
    let output = try CheckpointScratch()
    try LoRAMerge.write(base: base, adapter: adapter, to: output.url)
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: output.url.path))
        == ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"])
    #expect(try output.text("tokenizer.json") == "{\"t\":1}")
  }
}
