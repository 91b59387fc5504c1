import Base
import Device

/// Weights in 8 and 4 bits by their rules. A tensor's memory holds what its codes stand for.
extension NaiveDevice {
  public func quantize(_ weight: Tensor, to type: ElementType) throws -> DeviceMemory? {
    let numbers = load(weight).values.map { Float($0) }
    guard numbers.allSatisfy(\.isFinite) else { return nil }
    let length = type == .int8 ? weight.columns : ElementType.block
    let values = stride(from: 0, to: numbers.count, by: length).flatMap { first in
      let run = Array(numbers[first..<min(first + length, numbers.count)])
      return type == .int8 ? Self.int8(run) : Self.nf4(run)
    }
    return memory.lend(values, rows: weight.rows, columns: weight.columns, type: type, isWritable: false)
  }

  public func quantized(
    codes: MappedBytes, scales: [Float], rows: Int, columns: Int, type: ElementType
  ) -> DeviceMemory? {
    let count = rows * columns
    let length = type == .int8 ? columns : ElementType.block
    guard codes.count == (type == .int8 ? count : (count + 1) / 2), scales.count == (count + length - 1) / length else {
      return nil
    }
    let bytes = codes.integers(UInt8.self)
    let values = (0..<count).map { place in
      let byte = bytes[type == .int8 ? place : place / 2]
      let code =
        type == .int8
        ? Float(Int8(bitPattern: byte)) : Self.nf4Codes[Int(place % 2 == 0 ? byte >> 4 : byte & 15)]
      return Double(code * scales[place / length])
    }
    return memory.lend(values, rows: rows, columns: columns, type: type, isWritable: false)
  }

  private static func int8(_ row: [Float]) -> [Double] {
    let scale = (row.map(abs).max() ?? 0) / 127
    guard scale > 0 else { return row.map { _ in 0 } }
    // A whole number has one zero.
    return row.map { Double((($0 / scale).rounded(.toNearestOrEven) + 0) * scale) }
  }

  /// A whole block is multiplied by the reciprocal of its scale, a shorter one divided.
  private static func nf4(_ block: [Float]) -> [Double] {
    let largest = block.map(abs).max() ?? 0
    let whole = block.count == ElementType.block
    let scale = whole ? largest : max(largest, 1e-38)
    let inverse = 1 / max(largest, 1e-38)
    return block.map { number in
      let share = whole ? number * inverse : number / scale
      let code = (0..<15).first { share <= (nf4Codes[$0] + nf4Codes[$0 + 1]) / 2 } ?? 15
      return Double(nf4Codes[code] * scale)
    }
  }

  /// Quantiles of the normal distribution, as bitsandbytes lists them.
  private static let nf4Codes: [Float] = [
    -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
  ]
}
