import Checkpoint

/// Blocks of quantized weights back to numbers, in fp32 and in the order of operations of ggml's reference (and of the
/// Python package gguf), so that every bit is the same.
enum Dequantization {
  /// The names of the types that can be read.
  static let supported = [
    "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL",
    "IQ4_XS",
  ]

  static func isSupported(_ type: GGMLType) -> Bool { supported.contains(type.name) }

  /// - Parameter bytes: whole blocks of a supported type.
  /// - Returns: nil for a type that is not supported.
  static func floats(_ bytes: [UInt8], type: GGMLType) -> [Float]? {
    let blocks = bytes.count / type.blockBytes
    var output = [Float](repeating: 0, count: blocks * type.blockElements)
    let decode: (([UInt8], Int, inout [Float], Int) -> Void)? =
      switch type.name {
      case "F32": { $2[$3] = Float(bitPattern: word($0, $1)) }
      case "F16": { $2[$3] = half($0, $1) }
      case "BF16": { $2[$3] = HalfPrecision.float(bfloat16: UInt16($0[$1]) | UInt16($0[$1 + 1]) << 8) }
      case "Q8_0": q8_0
      case "Q4_0": q4_0
      case "Q4_1": q4_1
      case "Q5_0": q5_0
      case "Q5_1": q5_1
      case "IQ4_NL": iq4_nl
      case "Q2_K": q2_k
      case "Q3_K": q3_k
      case "Q4_K": q4_k
      case "Q5_K": q5_k
      case "Q6_K": q6_k
      case "IQ4_XS": iq4_xs
      default: nil
      }
    guard let decode else { return nil }
    for block in 0..<blocks { decode(bytes, block * type.blockBytes, &output, block * type.blockElements) }
    return output
  }

  // MARK: Parts of blocks

  static func half(_ bytes: [UInt8], _ at: Int) -> Float {
    HalfPrecision.float(float16: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8)
  }

  static func word(_ bytes: [UInt8], _ at: Int) -> UInt32 {
    UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
  }

  static func signed(_ byte: UInt8) -> Float { Float(Int8(bitPattern: byte)) }

  /// The 16 values of IQ4_NL and IQ4_XS, of which 4 bits choose one.
  static let nonLinear: [Float] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
  ]

  // MARK: Blocks of 32

  /// d [fp16], 32 signed bytes: w = q·d.
  private static func q8_0(_ bytes: [UInt8], _ at: Int, _ output: inout [Float], _ to: Int) {
    let scale = half(bytes, at)
    for index in 0..<32 { output[to + index] = signed(bytes[at + 2 + index]) * scale }
  }

  /// d, 16 bytes of nibbles: the low ones are elements 0 to 15, the high ones 16 to 31; w = d·(q − 8).
  private static func q4_0(_ bytes: [UInt8], _ at: Int, _ output: inout [Float], _ to: Int) {
    let scale = half(bytes, at)
    for index in 0..<16 {
      let byte = bytes[at + 2 + index]
      output[to + index] = scale * Float(Int(byte & 15) - 8)
      output[to + 16 + index] = scale * Float(Int(byte >> 4) - 8)
    }
  }

  /// d, m, nibbles as in Q4_0: w = d·q + m.
  private static func q4_1(_ bytes: [UInt8], _ at: Int, _ output: inout [Float], _ to: Int) {
    let (scale, minimum) = (half(bytes, at), half(bytes, at + 2))
    for index in 0..<16 {
      let byte = bytes[at + 4 + index]
      output[to + index] = scale * Float(byte & 15) + minimum
      output[to + 16 + index] = scale * Float(byte >> 4) + minimum
    }
  }

  /// d, 32 fifth bits, nibbles: w = d·(q − 16).
  private static func q5_0(_ bytes: [UInt8], _ at: Int, _ output: inout [Float], _ to: Int) {
    let (scale, high) = (half(bytes, at), word(bytes, at + 2))
    for index in 0..<16 {
      let byte = bytes[at + 6 + index]
      let low = Int(byte & 15) | Int(high >> UInt32(index) & 1) << 4
      let upper = Int(byte >> 4) | Int(high >> UInt32(index + 16) & 1) << 4
      output[to + index] = scale * Float(low - 16)
      output[to + 16 + index] = scale * Float(upper - 16)
    }
  }

  /// d, m, 32 fifth bits, nibbles: w = d·q + m.
  private static func q5_1(_ bytes: [UInt8], _ at: Int, _ output: inout [Float], _ to: Int) {
    let (scale, minimum, high) = (half(bytes, at), half(bytes, at + 2), word(bytes, at + 4))
    for index in 0..<16 {
      let byte = bytes[at + 8 + index]
      let low = UInt32(byte & 15) | (high >> UInt32(index) & 1) << 4
      let upper = UInt32(byte >> 4) | (high >> UInt32(index + 16) & 1) << 4
      output[to + index] = scale * Float(low) + minimum
      output[to + 16 + index] = scale * Float(upper) + minimum
    }
  }

  /// d, nibbles that choose one of 16 values.
  private static func iq4_nl(_ bytes: [UInt8], _ at: Int, _ output: inout [Float], _ to: Int) {
    let scale = half(bytes, at)
    for index in 0..<16 {
      let byte = bytes[at + 2 + index]
      output[to + index] = scale * nonLinear[Int(byte & 15)]
      output[to + 16 + index] = scale * nonLinear[Int(byte >> 4)]
    }
  }
}
