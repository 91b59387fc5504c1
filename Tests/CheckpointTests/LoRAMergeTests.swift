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
