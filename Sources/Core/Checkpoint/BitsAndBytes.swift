import Base
import JSON

// Weights that bitsandbytes has quantized, as transformers stores them: the codes under the weight's own name, everything
// else in tensors beside it.

extension CheckpointFolder {
  /// What lies beside a 4-bit weight, after its name, and beside an 8-bit one, in the place of "weight".
  private static let beside = (
    four: [
      "absmax", "quant_map", "nested_absmax", "nested_quant_map", BitsAndBytesState.suffix,
    ], eight: ["SCB", "weight_format"]
  )

  /// The weight where it is stored quantized; nil where it is a tensor like any other.
  /// - Throws: `CheckpointError` where a part is missing or does not fit the others.
  public func quantizedTensor(_ name: String) throws -> StoredQuantizedTensor? {
    guard let parts = try quantizedParts(name) else { return nil }
    let file = parts.file
    do {
      let scales =
        parts.state == nil
        ? try rowScales(name, in: file, rows: parts.shape[0]) : try blockScales(name, parts)
      if let place = scales.firstIndex(where: { !$0.isFinite }) {
        throw CheckpointError.notFinite(file: file.path, name: name, element: place, value: scales[place])
      }
      return StoredQuantizedTensor(
        name: name, quantization: parts.state == nil ? .int8 : .nf4, shape: parts.shape,
        codes: try file.file.slice(parts.codes), scales: scales)
    } catch let error as MappedFileError {
      throw CheckpointError.unreadable(file: error.path, reason: error.reason)
    }
  }

  /// The tensors beside a weight that is stored quantized; none beside any other. Checks what can be checked without
  /// reading weights.
  func checkQuantized(_ name: String, shape: [Int]) throws -> [String]? {
    guard let parts = try quantizedParts(name) else { return nil }
    guard parts.shape == shape else {
      throw CheckpointError.wrongShape(file: parts.file.path, name: name, shape: parts.shape, expected: shape)
    }
    return Self.companions(of: name).filter(hasTensor)
  }

  /// The names of everything that may lie beside a weight that is stored quantized.
  static func companions(of name: String) -> [String] {
    beside.four.map { "\(name).\($0)" } + beside.eight.map { name.dropLast("weight".count) + $0 }
  }

  private struct Parts {
    let file: SafetensorsFile
    let shape: [Int]
    let codes: Range<Int>
    /// Of a 4-bit weight.
    let state: BitsAndBytesState?
  }

  private func quantizedParts(_ name: String) throws -> Parts? {
    guard let quantization, name.hasSuffix(".weight"), let file = weightFile(of: name),
      let entry = file.entry(storedName(name))
    else { return nil }
    switch quantization {
    case .int8:
      guard entry.dataType == "I8", entry.shape.count == 2 else { return nil }
      return Parts(file: file, shape: entry.shape, codes: entry.range, state: nil)
    case .nf4:
      guard let place = weightFile(of: "\(name).\(BitsAndBytesState.suffix)"),
        let stored = place.entry(storedName("\(name).\(BitsAndBytesState.suffix)"))
      else {
        if hasTensor("\(name).quant_state.bitsandbytes__fp4") {
          throw CheckpointError.unsupported(
            file: file.path, feature: "tensor \(CheckpointError.quoted(name)) in FP4",
            supported: StoredQuantization.readable)
        }
        return nil
      }
      let state = try BitsAndBytesState(reading: place, entry: stored)
      guard entry.range.count == (state.count + 1) / 2 else {
        throw CheckpointError.malformed(
          file: file.path,
          problem:
            "tensor \(CheckpointError.quoted(name)) has \(entry.range.count) bytes, but the shape \(state.shape) in "
            + "4 bits asks for \((state.count + 1) / 2)")
      }
      return Parts(file: file, shape: state.shape, codes: entry.range, state: state)
    }
  }

  // MARK: Scales

  /// SCB is the largest magnitude of each row, which 127 stands for.
  private func rowScales(_ name: String, in file: SafetensorsFile, rows: Int) throws -> [Float] {
    let scales = try numbers(name.dropLast("weight".count) + "SCB", count: rows)
    return scales.map { $0 / 127 }
  }

  private func blockScales(_ name: String, _ parts: Parts) throws -> [Float] {
    guard let state = parts.state else { return [] }
    let map = try numbers(name + ".quant_map", count: 16)
    guard zip(map, StoredQuantizedTensor.nf4Codes).allSatisfy({ abs($0 - $1) < 1e-6 }) else {
      throw CheckpointError.unsupported(
        file: parts.file.path, feature: "a quant_map of tensor \(CheckpointError.quoted(name)) that is not NF4's",
        supported: StoredQuantization.readable)
    }
    let count = (state.count + StoredQuantizedTensor.block - 1) / StoredQuantizedTensor.block
    guard let nested = state.nested else { return try numbers(name + ".absmax", count: count) }
    // Quantized once more: 8 bits pick one of 256 numbers, times the scale of 256 neighbours, around one offset.
    let codes = try bytes(name + ".absmax", count: count)
    let numbers = try numbers(name + ".nested_quant_map", count: 256)
    let scales = try self.numbers(name + ".nested_absmax", count: (count + nested.block - 1) / nested.block)
    return codes.enumerated().map { numbers[Int($1)] * scales[$0 / nested.block] + nested.offset }
  }

  private func numbers(_ name: String, count: Int) throws -> [Float] {
    let tensor = try tensor(name)
    guard tensor.elementCount == count else {
      throw CheckpointError.wrongShape(file: path, name: name, shape: tensor.shape, expected: [count])
    }
    return tensor.float32()
  }

  private func bytes(_ name: String, count: Int) throws -> [UInt8] {
    guard let file = weightFile(of: name), let entry = file.entry(storedName(name)) else {
      throw CheckpointError.missingTensor(file: path, name: name)
    }
    guard entry.dataType == "U8", entry.range.count == count else {
      throw CheckpointError.wrongShape(file: file.path, name: name, shape: entry.shape, expected: [count])
    }
    return try file.file.slice(entry.range).integers()
  }
}

/// The JSON that bitsandbytes keeps beside a 4-bit weight.
struct BitsAndBytesState {
  static let suffix = "quant_state.bitsandbytes__nf4"

  /// [out, in].
  let shape: [Int]
  /// Where scales are quantized once more: how many share one, and the number around which they lie.
  let nested: (block: Int, offset: Float)?

  var count: Int { shape[0] * shape[1] }

  init(reading file: SafetensorsFile, entry: SafetensorsHeader.Entry) throws {
    let name = CheckpointError.quoted(entry.name)
    guard entry.range.count <= 1 << 16 else {
      throw CheckpointError.malformed(file: file.path, problem: "tensor \(name) is too long for a quant_state")
    }
    let text: [UInt8]
    do {
      text = try file.file.slice(entry.range).integers()
    } catch let error as MappedFileError {
      throw CheckpointError.unreadable(file: error.path, reason: error.reason)
    }
    let object = try JSONObject(parsing: text, file: "\(file.path): tensor \(name)")
    let fields = FieldReader(object: object, file: "\(file.path): tensor \(name)")
    let kind = try fields.string("quant_type")
    guard kind == "nf4" else {
      throw fields.invalid("quant_type", allowed: "nf4")
    }
    guard try fields.integer("blocksize", 1...1 << 20) == StoredQuantizedTensor.block else {
      throw fields.unsupported(
        "blocksize \(try fields.integer("blocksize", 1...1 << 20))",
        supported: "blocks of 64; take the original 16-bit checkpoint and let model.quantize make it nf4")
    }
    let sizes = try fields.integers("shape", 1...1 << 30)
    guard sizes.count == 2, !sizes[0].multipliedReportingOverflow(by: sizes[1]).overflow else {
      throw fields.invalid("shape", allowed: "the two sizes of a linear's weight")
    }
    shape = sizes
    guard fields.value("nested_offset") != nil else {
      nested = nil
      return
    }
    guard let offset = fields.value("nested_offset")?.number, Float(offset).isFinite else {
      throw fields.invalid("nested_offset", allowed: "a number")
    }
    nested = (try fields.integer("nested_blocksize", 1...1 << 20), Float(offset))
  }
}
