import Foundation
import Testing

@testable import GGUF

/// Every bit as the Python package gguf gives it.
@Suite struct DequantizationTests {
  @Test(arguments: Dequantization.supported) func bits(name: String) throws {
    let entry = try #require(try GGUFFixtures.json("blocks.json")[name]?.object)
    let bytes = GGUFFixtures.bytes(hexadecimal: try #require(entry["bytes"]?.string))
    let expected = GGUFFixtures.bytes(hexadecimal: try #require(entry["floats"]?.string))
    let type = try #require(GGMLType.named(name))
    #expect(bytes.count % type.blockBytes == 0 && bytes.count >= 2 * type.blockBytes)
    let floats = try #require(Dequantization.floats(bytes, type: type))
    let bits = floats.flatMap { GGUFBytes.little($0.bitPattern) }
    #expect(bits.count == expected.count)
    let wrong = zip(bits, expected).enumerated().first { $0.element.0 != $0.element.1 }
    #expect(wrong == nil, "\(name): element \((wrong?.offset ?? 0) / 4)")
  }

  @Test func refusesOthers() throws {
    #expect(Dequantization.floats([UInt8](repeating: 0, count: 66), type: try #require(.named("IQ2_XXS"))) == nil)
    // The types that are read are those of the fixture, no more and no fewer.
    #expect(Set(try GGUFFixtures.json("blocks.json").keys) == Set(Dequantization.supported))
  }
}
