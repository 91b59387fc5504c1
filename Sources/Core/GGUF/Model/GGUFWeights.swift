import Base
import Checkpoint
import Dispatch
import Foundation
import Synchronization

/// Reads the weights of a GGUF file as numbers, some rows at a time.
struct GGUFWeights: Sendable {
  private let mapped: MappedFile

  init(file: GGUFFile) { mapped = file.file }

  /// Rows (of the innermost size) of a tensor, in fp32.
  /// - Throws: `CheckpointError` where the type cannot be read, or the file has been cut short.
  func floats(_ tensor: GGUFTensor, rows: Range<Int>) throws -> [Float] {
    let start = tensor.range.lowerBound + rows.lowerBound * tensor.rowBytes
    do {
      let bytes: [UInt8] = try mapped.slice(start..<start + rows.count * tensor.rowBytes).integers()
      guard let floats = Dequantization.floats(bytes, type: tensor.type) else {
        throw Self.unsupported(tensor, in: mapped.path)
      }
      return floats
    } catch let error as MappedFileError {
      throw CheckpointError.unreadable(file: error.path, reason: error.reason)
    }
  }

  /// The tensor as transformers has it, written piece by piece.
  /// - Parameters:
  ///   - headDimension: where given, rows are brought from llama.cpp's order into transformers'.
  ///   - offset: added to every element.
  ///   - report: called with the number of elements after each piece; what it throws ends the work.
  func entry(
    _ tensor: GGUFTensor, name: String, type: StoredType, headDimension: Int?, offset: Float,
    report: @escaping @Sendable (Int) throws -> Void
  ) -> SafetensorsEntry {
    let width = tensor.rowElements
    return SafetensorsEntry(name: name, shape: tensor.shape, type: type) { elements in
      let rows = elements.lowerBound / width..<(elements.upperBound + width - 1) / width
      var result = try ordered(tensor, rows: rows, headDimension: headDimension)
      let first = elements.lowerBound - rows.lowerBound * width
      if first > 0 || result.count > elements.count { result = Array(result[first..<first + elements.count]) }
      if offset != 0 { for index in result.indices { result[index] += offset } }
      try report(elements.count)
      return result
    }
  }

  /// Rows in transformers' order, all cores sharing the work.
  private func ordered(_ tensor: GGUFTensor, rows: Range<Int>, headDimension: Int?) throws -> [Float] {
    guard let headDimension else { return try parallel(rows) { try floats(tensor, rows: $0) } }
    if tensor.shape.count == 1 {
      // A bias is one row, whose elements are reordered.
      let whole = try floats(tensor, rows: 0..<1)
      return whole.indices.map { whole[HeadRows.interleaved($0, headDimension: headDimension)] }
    }
    return try parallel(rows) { part in
      try part.flatMap { row in
        let source = HeadRows.interleaved(row, headDimension: headDimension)
        return try floats(tensor, rows: source..<source + 1)
      }
    }
  }

  private func parallel(_ rows: Range<Int>, _ body: @Sendable (Range<Int>) throws -> [Float]) throws -> [Float] {
    let parts = min(rows.count, ProcessInfo.processInfo.activeProcessorCount)
    guard parts > 1 else { return try body(rows) }
    let results = Mutex<[Result<[Float], any Error>?]>(Array(repeating: nil, count: parts))
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      let start = rows.lowerBound + rows.count * part / parts
      let result = Result { try body(start..<rows.lowerBound + rows.count * (part + 1) / parts) }
      results.withLock { $0[part] = result }
    }
    return try results.withLock { $0 }.flatMap { try $0?.get() ?? [] }
  }

  static func unsupported(_ tensor: GGUFTensor, in path: String) -> CheckpointError {
    .unsupported(
      file: path, feature: "tensor \(CheckpointError.quoted(tensor.name)) of type \(tensor.type.name)",
      supported: Dequantization.supported.joined(separator: ", ")
        + "; take a file of the model in one of these (Q8_0 and Q4_K_M are common)")
  }
}
