import Foundation
import Testing

@testable import Checkpoint

@Suite struct SafetensorsFileTests {
  /// torch widened the same weights to fp32: every value must agree bit for bit.
  @Test(arguments: ["llama-bf16", "qwen2-fp16"])
  func widensAsTorchDoes(name: String) throws {
    let stored = try SafetensorsFile(path: CheckpointFixtures.path("\(name)/model.safetensors"))
    let golden = try SafetensorsFile(path: CheckpointFixtures.path("\(name).float32.safetensors"))
    #expect(Set(stored.names) == Set(golden.names))
    #expect(stored.metadata == ["format": "pt"])
    for name in golden.names {
      let tensor = try stored.tensor(name)
      let expected = try golden.tensor(name)
      #expect(tensor.shape == expected.shape)
      #expect(tensor.float32().map(\.bitPattern) == expected.float32().map(\.bitPattern), "\(name)")
      #expect(tensor.float32(elements: 3..<7) == Array(expected.float32()[3..<7]))
    }
  }

  @Test func scalarsAndEmptyTensors() throws {
    let scratch = try CheckpointScratch()
    // 1.5 in fp32 is 0x3FC00000.
    let header =
      #"{"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"e":{"dtype":"BF16","shape":[0,7],"data_offsets":[4,4]}}"#
    let path = try scratch.write(
      checkpointSafetensorsBytes(header: header, data: [0, 0, 0xC0, 0x3F]), as: "x.safetensors")
    let file = try SafetensorsFile(path: path)
    #expect(try file.tensor("s").float32() == [1.5])
    #expect(try file.tensor("e").float32() == [])
  }

  /// Early writers did not pad the header, so that values may start at odd addresses.
  @Test func unalignedDataIsReadAndHandedOutAligned() throws {
    let scratch = try CheckpointScratch()
    var header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    if header.utf8.count % 4 == 0 { header += " " }
    let data: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]  // 1, −2
    let file = try SafetensorsFile(
      path: try scratch.write(checkpointSafetensorsBytes(header: header, data: data), as: "x.safetensors"))
    let tensor = try file.tensor("a")
    #expect(tensor.float32() == [1, -2])
    #expect(tensor.bytes.isAligned(to: 4))
  }

  @Test func typesWithoutArithmeticAreListedButNotHandedOut() throws {
    let scratch = try CheckpointScratch()
    let header = #"{"i":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#
    let path = try scratch.write(
      checkpointSafetensorsBytes(header: header, data: [UInt8](repeating: 0, count: 8)), as: "x.safetensors")
    let file = try SafetensorsFile(path: path)
    #expect(file.names == ["i"])
    #expect(
      checkpointRefusal { try file.tensor("i") }
        == "\(path): tensor \"i\" of type I64 is not supported; supported: BF16, F16 and F32")
    #expect(checkpointRefusal { try file.tensor("j") } == "\(path) has no tensor \"j\"")
  }

  private static let one = #""dtype":"F32","shape":[1],"data_offsets""#

  /// Each header lies in one way about 8 bytes of data.
  @Test(arguments: [
    ("[]", "its header does not start with {"), (" {}", "its header does not start with {"),
    (#"{"a":1}"#, #"its entry "a" is not an object"#),
    (#"{"__metadata__":{"a":1}}"#, #"its metadata "a" is not a string"#),
    ("{\"a\":{\(one):[0,4]},\"a\":{\(one):[4,8]}}", #"the key "a" stands twice in one object"#),
    ("{\"a\":{\(one):[0,4]}}", "4 bytes after the last tensor belong to none"),
    ("{\"a\":{\(one):[4,8]}}", #"tensor "a" leaves a gap before it"#),
    ("{\"a\":{\(one):[0,4]},\"b\":{\(one):[2,6]}}", #"tensor "b" overlaps the data before it"#),
    ("{\"a\":{\(one):[0,8]}}", #"tensor "a" has 8 bytes, but its shape [1] and dtype F32 ask for 4"#),
    ("{\"a\":{\(one):[8,4]}}", #"tensor "a" claims bytes 8 to 4 of 8"#),
    ("{\"a\":{\(one):[-4,0]}}", #"tensor "a" claims bytes -4 to 0 of 8"#),
    ("{\"a\":{\(one):[8,12]}}", #"tensor "a" claims bytes 8 to 12 of 8; is the file cut short?"#),
    ("{\"a\":{\(one):[0]}}", #"tensor "a" has no pair of data_offsets"#),
    ("{\"a\":{\(one):[0,4.5]}}", #"tensor "a" has no pair of data_offsets"#),
    ("{\"a\":{\(one):[0,9223372036854775807]}}", "claims bytes 0 to 9223372036854775807 of 8"),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, "has a shape that is not whole"),
    (
      #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#,
      "has a shape too large for any file"
    ),
    (#"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, #"has the unknown dtype "F33""#),
    (#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, "does not fill whole bytes"),
    (#"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, #"tensor "a" has no dtype"#),
    (#"{"a":{"dtype":"F32","data_offsets":[0,8]}}"#, #"tensor "a" has no shape"#),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}"#, #"has the unknown field "x""#),
  ])
  func refusesALyingHeader(header: String, problem: String) throws {
    let scratch = try CheckpointScratch()
    let path = try scratch.write(
      checkpointSafetensorsBytes(header: header, data: [UInt8](repeating: 0, count: 8)), as: "x.safetensors")
    let sentence = checkpointRefusal { try SafetensorsFile(path: path) }
    #expect(sentence.hasPrefix("\(path) is damaged or not in its format: "))
    #expect(sentence.contains(problem), "\(sentence)")
  }

  @Test func refusesEveryTruncation() throws {
    let scratch = try CheckpointScratch()
    let whole = try CheckpointFixtures.bytes("adapter/adapter_model.safetensors")
    for length in [0, 1, 7, 8, 9, 500, whole.count - 1] {
      let path = try scratch.write(Array(whole[..<length]), as: "x.safetensors")
      #expect(throws: CheckpointError.self, "\(length) bytes") { try SafetensorsFile(path: path) }
    }
    let huge = try scratch.write([UInt8](repeating: 0xFF, count: 16), as: "huge.safetensors")
    #expect(
      checkpointRefusal { try SafetensorsFile(path: huge) }.contains("its header claims 18446744073709551615 bytes"))
  }

  @Test func namesAreMadeSafeToPrint() throws {
    let scratch = try CheckpointScratch()
    let name = "\\u001b[2J" + String(repeating: "x", count: 200)
    let path = try scratch.write(checkpointSafetensorsBytes(header: "{\"\(name)\":1}", data: []), as: "x.safetensors")
    let sentence = checkpointRefusal { try SafetensorsFile(path: path) }
    #expect(!sentence.unicodeScalars.contains("\u{1B}"))
    #expect(sentence.contains(#""\u{1b}[2Jxxxx"#) && sentence.contains("…"))
  }

  // MARK: - Writing

  @Test func writesWhatItReads() throws {
    let scratch = try CheckpointScratch()
    let values = (0..<6).map { Float($0) - 2.5 }
    let source = try SafetensorsFile(path: CheckpointFixtures.path("llama-bf16/model.safetensors"))
    let norm = try source.tensor("model.norm.weight")
    try SafetensorsFile.write(
      [
        SafetensorsEntry(name: "half", shape: [3], values: [1, -2, 0.1], type: .bf16), SafetensorsEntry(norm),
        SafetensorsEntry(name: "full", shape: [2, 3], values: values),
        SafetensorsEntry(name: "made", shape: [3], type: .fp16) { $0.map { Float($0) } },
      ], metadata: ["b": "2", "a": "\"1\""], to: scratch["x.safetensors"])
    let file = try SafetensorsFile(path: scratch["x.safetensors"].path)
    // The only fp32 tensor moves to the front, the others keep their order.
    #expect(file.names == ["full", "half", "model.norm.weight", "made"])
    #expect(file.header.dataStart % 8 == 0)
    #expect(file.metadata == ["a": "\"1\"", "b": "2"])
    #expect(try file.tensor("full").float32() == values)
    #expect(try file.tensor("full").shape == [2, 3])
    // 0.1 in bf16 is 0x3DCD = 0.100097656…
    #expect(try file.tensor("half").float32() == [1, -2, 0.10009765625])
    #expect(try file.tensor("made").float32() == [0, 1, 2])
    #expect(try file.tensor("model.norm.weight").bytes.elementsEqual(norm.bytes))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["x.safetensors"])
  }

  @Test func refusesToWriteNonsense() throws {
    let scratch = try CheckpointScratch()
    let url = scratch["x.safetensors"]
    func attempt(_ entries: [SafetensorsEntry], to url: URL) -> String {
      checkpointRefusal { try SafetensorsFile.write(entries, to: url) }
    }
    let one = SafetensorsEntry(name: "a", shape: [1], values: [1])
    #expect(attempt([one, one], to: url).contains("is given twice"))
    #expect(attempt([SafetensorsEntry(name: "a", shape: [2], values: [1])], to: url).contains("do not fill its shape"))
    #expect(attempt([SafetensorsEntry(name: "a", shape: [-1], values: [])], to: url).contains("impossible shape"))
    #expect(
      attempt([SafetensorsEntry(name: "a", shape: [2], type: .fp32) { _ in [1] }], to: url)
        .contains("do not fill its shape"))
    #expect(attempt([one], to: scratch["none/x.safetensors"]).contains("cannot be written"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).isEmpty)
  }
}
