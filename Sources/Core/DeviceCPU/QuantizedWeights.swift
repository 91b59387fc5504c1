import Base
import CKernels
import Device

// MARK: Weights of linears in 8 and 4 bits

extension Matrix {
  /// A quantized matrix as the kernels take it.
  var quantized: wb_quantized {
    precondition(type.isQuantized, "a quantized matrix")
    return wb_quantized(
      codes: base, scales: scales, origin: Int64(origin), ld: Int64(stride), kind: type == .nf4 ? WB_NF4 : WB_INT8)
  }

  /// One number of the whole matrix, by its position row by row.
  func dequantized(at position: Int) -> Float {
    guard let scales else { return .nan }
    guard type == .nf4 else {
      return Float(base.load(fromByteOffset: position, as: Int8.self)) * scales[position / stride]
    }
    let byte = Int(base.load(fromByteOffset: position / 2, as: UInt8.self))
    let code = position % 2 == 0 ? byte >> 4 : byte & 15
    return withUnsafeBytes(of: wb_nf4_codes) { $0.load(fromByteOffset: 4 * code, as: Float.self) }
      * scales[position / ElementType.block]
  }
}

/// Codes and scales in memory.
private final class QuantizedBlock: Sendable {
  let codes: MemoryBlock?
  let mapped: MappedBytes?
  let scales: MemoryBlock

  init(codes: MemoryBlock?, mapped: MappedBytes? = nil, scales: MemoryBlock) {
    self.codes = codes
    self.mapped = mapped
    self.scales = scales
  }
}

extension CPUDevice {
  public func quantize(_ weight: Tensor, to type: ElementType) throws -> DeviceMemory? {
    precondition(type.isQuantized && weight.stride == weight.columns, "whole rows to quantize")
    let source = Matrix(weight)
    let count = weight.rows * weight.columns
    let codes = try MemoryBlock(checking: max(1, type == .nf4 ? (count + 1) / 2 : count))
    let scales = try MemoryBlock(checking: 4 * max(1, scaleCount(weight.rows, weight.columns, type)))
    let places = scales.base.assumingMemoryBound(to: Float.self)
    // A task takes whole rows, or blocks: some 64 thousand numbers.
    let unit = type == .nf4 ? ElementType.block : max(1, weight.columns)
    let step = max(unit, (1 << 16) / unit * unit)
    let target = QuantizedTarget(codes: codes.base, scales: places)
    let finite = parallelMap((count + step - 1) / step) { task in
      let range = task * step..<min((task + 1) * step, count)
      return self.quantize(source, range, to: type, target)
    }
    guard !finite.contains(false) else { return nil }
    return memory(
      codes.base, QuantizedBlock(codes: codes, scales: scales), rows: weight.rows, columns: weight.columns, type)
  }

  /// Some of the numbers, counted row by row; whether they are finite.
  private func quantize(
    _ source: Matrix, _ range: Range<Int>, to type: ElementType, _ target: QuantizedTarget
  ) -> Bool {
    if type == .nf4 {
      return wb_quantize_nf4(
        Int64(range.lowerBound), Int64(range.count), source.base, source.type.kernelType,
        target.codes.assumingMemoryBound(to: UInt8.self), target.scales) != 0
    }
    let row = range.lowerBound / source.columns
    return wb_quantize_int8(
      Int64(range.count / source.columns), Int64(source.columns),
      source.base + range.lowerBound * source.type.byteWidth, Int64(source.columns), source.type.kernelType,
      target.codes.assumingMemoryBound(to: Int8.self) + range.lowerBound, target.scales + row) != 0
  }

  public func quantized(
    codes: MappedBytes, scales: [Float], rows: Int, columns: Int, type: ElementType
  ) -> DeviceMemory? {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard type.isQuantized, rows > 0, columns > 0, !overflow, count < Int.max / 4,
      codes.count == (type == .nf4 ? (count + 1) / 2 : count), scales.count == scaleCount(rows, columns, type),
      let address = codes.unsafeBytes.baseAddress, let block = try? MemoryBlock(checking: 4 * scales.count)
    else { return nil }
    block.base.assumingMemoryBound(to: Float.self).update(from: scales, count: scales.count)
    return memory(
      UnsafeMutableRawPointer(mutating: address), QuantizedBlock(codes: nil, mapped: codes, scales: block), rows: rows,
      columns: columns, type)
  }

  private func scaleCount(_ rows: Int, _ columns: Int, _ type: ElementType) -> Int {
    type == .int8 ? rows : (rows * columns + ElementType.block - 1) / ElementType.block
  }

  private func memory(
    _ codes: UnsafeMutableRawPointer, _ block: QuantizedBlock, rows: Int, columns: Int, _ type: ElementType
  ) -> DeviceMemory {
    let matrix = Matrix(
      base: codes, rows: rows, columns: columns, stride: columns, type: type, owner: block, isWritable: false,
      scales: UnsafePointer(block.scales.base.assumingMemoryBound(to: Float.self)))
    return DeviceMemory(matrix.tensor, owner: matrix)
  }

  // MARK: Products

  /// y[i, j] = w[i, j], rounded to y's type.
  func expand(_ w: Matrix, into y: Matrix) {
    precondition(w.rows == y.rows && w.columns == y.columns && y.isWritable, "the same shape")
    var weight = w.quantized
    kernels.expand(Int64(y.rows), Int64(y.columns), &weight, y.base, Int64(y.stride), y.type.kernelType)
  }

  /// Packs a quantized w piece by piece: each is expanded into the first cache, as numbers of type `type`, and packed from
  /// there. Numbers past what `scratch` has given hold the piece.
  func pack(
    quantized w: Matrix, transposed: Bool, as type: ElementType, format: PanelFormat, into packed: Matrix,
    scratch: ScratchMemory
  ) {
    let width = Int(WB_PANEL)
    // Of k and of the columns that become panels.
    let (inputs, outputs) = transposed ? (w.columns, w.rows) : (w.rows, w.columns)
    let (depth, breadth) = transposed ? (256, width) : (16, 256)
    for first in stride(from: 0, to: outputs, by: breadth) {
      let columns = first..<min(first + breadth, outputs)
      for start in stride(from: 0, to: inputs, by: depth) {
        let run = start..<min(start + depth, inputs)
        var memory = scratch
        let piece = transposed ? w.rows(columns).columns(run) : w.rows(run).columns(columns)
        let expanded = memory.take(piece.rows, piece.columns, type)
        expand(piece, into: expanded)
        for panel in stride(from: 0, to: columns.count, by: width) {
          let some = panel..<min(panel + width, columns.count)
          let part = transposed ? expanded : expanded.columns(some)
          kernels.pack_panels(
            Int64(run.count), Int64(some.count), part.base, Int64(part.stride), type.kernelType,
            format == .pairs ? 1 : 0, transposed ? 1 : 0,
            packed.floats + (first + panel) / width * packed.stride + format.words(inputs: start) * width)
        }
      }
    }
  }

  /// y[T, out] (+)= x[T, in] · w[out, in]ᵀ for a few rows of x; w is not rounded on the way.
  func fewRows(_ x: Matrix, quantized w: Matrix, into y: Matrix, accumulate: Bool) {
    precondition((x.type == .fp32 || x.type == .bf16) && y.isWritable, "types that multiply")
    var weight = w.quantized
    kernels.few_rows_quantized(
      Int64(x.rows), Int64(w.rows), Int64(x.columns), x.base, Int64(x.stride), x.type.kernelType, &weight, y.floats,
      Int64(y.stride), accumulate ? 1 : 0)
  }
}

extension PreparedOperand {
  /// fp32 numbers of scratch that packing a quantized operand takes beside it.
  static var expansionCount: Int { 16 * 256 + 16 }
}

/// Where codes and scales go. `@unchecked Sendable`: every task writes the places of its own rows or blocks.
private struct QuantizedTarget: @unchecked Sendable {
  let codes: UnsafeMutableRawPointer
  let scales: UnsafeMutablePointer<Float>
}
