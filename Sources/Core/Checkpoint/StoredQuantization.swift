import Base
import JSON

/// How a checkpoint's linear weights are quantized, as its `config.json` says (`quantization_config`). Single modules may
/// be left in 16 bits.
public enum StoredQuantization: Sendable, Equatable {
  /// bitsandbytes, 4 bits: NF4 in blocks of 64.
  case nf4
  /// bitsandbytes, 8 bits: whole numbers, one scale a row.
  case int8

  /// nil where the weights are not quantized.
  /// - Throws: `CheckpointError` for every other quantization.
  static func decode(_ top: FieldReader) throws -> StoredQuantization? {
    guard let config = try top.object("quantization_config") else { return nil }
    let method = try config.string("quant_method")
    let four = try config.bool("load_in_4bit", default: false)
    let eight = try config.bool("load_in_8bit", default: false)
    // Files from before the method had a name have nothing but these two keys.
    guard method == "bitsandbytes" || method == nil && (four || eight) else {
      throw top.unsupported(
        "quantization by \(method.map(CheckpointError.quoted) ?? "an unnamed method") (quantization_config)",
        supported: readable)
    }
    if eight, !four { return .int8 }
    guard four else {
      throw top.unsupported("a quantization_config with neither load_in_4bit nor load_in_8bit", supported: readable)
    }
    let kind = try config.string("bnb_4bit_quant_type") ?? "fp4"
    guard kind == "nf4" else {
      throw top.unsupported(
        "bnb_4bit_quant_type \(CheckpointError.quoted(kind)) (quantization_config)", supported: readable)
    }
    return .nf4
  }

  static let readable =
    "NF4 and int8 of bitsandbytes; of any other, take the original 16-bit checkpoint and let model.quantize make it nf4 "
    + "or int8"
}

/// A linear's weight [out, in] as it lies quantized in a file.
public struct StoredQuantizedTensor: Sendable {
  public let name: String
  public let quantization: StoredQuantization
  public let shape: [Int]
  /// A signed byte a weight, or four bits: the first of two in the upper half.
  public let codes: MappedBytes
  /// Of rows (int8), or of blocks of 64 along them (NF4); finite.
  public let scales: [Float]

  /// Weights in fp32, counted in row-major order. The range is clamped to the tensor.
  public func float32(elements: Range<Int>) -> [Float] {
    let columns = shape[1]
    let range = elements.clamped(to: 0..<shape[0] * columns)
    switch quantization {
    case .int8:
      let bytes: [Int8] = codes.integers(Int8.self, range)
      return zip(range, bytes).map { place, code in Float(code) * scales[place / columns] }
    case .nf4:
      let first = range.lowerBound / 2
      let bytes: [UInt8] = codes.integers(UInt8.self, first..<(range.upperBound + 1) / 2)
      return range.map { place in
        let byte = bytes[place / 2 - first]
        return Self.nf4Codes[Int(place % 2 == 0 ? byte >> 4 : byte & 15)] * scales[place / Self.block]
      }
    }
  }

  static let block = 64

  /// What bitsandbytes calls the quant_map of NF4.
  static let nf4Codes: [Float] = [
    -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
  ]
}
