import Checkpoint
import Device

/// The frozen weights of a decoder: mapped where the file stores them in bf16 or in the compute type, converted to that
/// once otherwise. Those of linears may be quantized, by the file or while they are loaded. Norm weights and biases are
/// fp32.
struct ModelWeights: Sendable {
  struct Linear: Sendable {
    /// [out, in].
    let weight: Tensor
    /// [1, out].
    let bias: Tensor?
  }

  struct Layer: Sendable {
    /// [1, H].
    let attentionNorm: Tensor
    let mlpNorm: Tensor
    /// [1, d] of queries and of keys, where they have norms of their own.
    let headNorms: (query: Tensor, key: Tensor)?
    fileprivate let linears: [Linear]

    subscript(kind: LinearKind) -> Linear { linears[kind.position] }
  }

  /// [V, H], in the stored or the compute type.
  let embedding: Tensor
  let layers: [Layer]
  let finalNorm: Tensor
  /// [V, H]; the embedding where the two are tied.
  let head: Tensor
  /// Bytes of weights that had to be converted, and so live in memory of their own.
  let convertedBytes: Int
  /// Bytes of weights that were quantized while they were loaded, and what the same weights take in the file.
  let quantizedBytes, replacedBytes: Int
  /// What keeps the tensors.
  private let memory: [DeviceMemory]

  init(checkpoint: CheckpointFolder, device: any Device, quantization: Quantization) throws {
    let configuration = checkpoint.configuration
    if checkpoint.quantization != nil, quantization != .none {
      throw ModelError.alreadyQuantized(folder: checkpoint.path, asked: quantization.rawValue)
    }
    var loader = WeightLoader(checkpoint: checkpoint, device: device, quantization: quantization)
    head = try loader.matrix(
      configuration.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight",
      rows: configuration.vocabularySize, columns: configuration.hiddenSize)
    embedding =
      configuration.tiedEmbeddings
      ? head
      : try loader.stored(
        "model.embed_tokens.weight", rows: configuration.vocabularySize, columns: configuration.hiddenSize)
    layers = try (0..<configuration.layerCount).map { layer in
      let prefix = "model.layers.\(layer)."
      let names = configuration.layer
      return Layer(
        attentionNorm: try loader.vector(prefix + names.attentionNorm + ".weight", configuration.hiddenSize),
        mlpNorm: try loader.vector(prefix + names.mlpNorm + ".weight", configuration.hiddenSize),
        headNorms: try names.queryKeyNorm.map { norms in
          (
            try loader.vector(prefix + norms.query + ".weight", configuration.headDimension),
            try loader.vector(prefix + norms.key + ".weight", configuration.headDimension)
          )
        },
        linears: try LinearKind.allCases.map { try loader.linear($0, layer) })
    }
    finalNorm = try loader.vector("model.norm.weight", configuration.hiddenSize)
    convertedBytes = loader.convertedBytes
    quantizedBytes = loader.quantizedBytes
    replacedBytes = loader.replacedBytes
    memory = loader.memory
  }
}

extension ModelConfiguration {
  /// Bytes of the linears' weights in fewer bits, with their scales; 0 where they stay as they are.
  public func quantizedByteCount(_ quantization: Quantization) -> Int {
    guard let type = quantization.elementType else { return 0 }
    return LinearKind.allCases.reduce(0) { sum, kind in
      let (outputs, inputs) = kind.shape(in: self)
      return sum + layerCount * type.byteCount(rows: outputs, columns: inputs)
    }
  }
}

/// Turns stored tensors into the device's, checking every shape.
private struct WeightLoader {
  let checkpoint: CheckpointFolder
  let device: any Device
  let quantization: Quantization
  var convertedBytes = 0
  var quantizedBytes = 0
  var replacedBytes = 0
  var memory: [DeviceMemory] = []

  init(checkpoint: CheckpointFolder, device: any Device, quantization: Quantization) {
    self.checkpoint = checkpoint
    self.device = device
    self.quantization = quantization
  }

  mutating func linear(_ kind: LinearKind, _ layer: Int) throws -> ModelWeights.Linear {
    let (outputs, inputs) = kind.shape(in: checkpoint.configuration)
    let name = kind.fullName(layer: layer)
    return ModelWeights.Linear(
      weight: try weight(name + ".weight", rows: outputs, columns: inputs),
      bias: kind.hasBias(in: checkpoint.configuration) ? try vector(name + ".bias", outputs) : nil)
  }

  /// A linear's weight: quantized by the file, or now, or as it is.
  private mutating func weight(_ name: String, rows: Int, columns: Int) throws -> Tensor {
    if let stored = try checkpoint.quantizedTensor(name) {
      let type: ElementType = stored.quantization == .nf4 ? .nf4 : .int8
      guard stored.shape == [rows, columns],
        let weight = device.quantized(
          codes: stored.codes, scales: stored.scales, rows: rows, columns: columns, type: type)
      else { throw ModelError.tensorShape(name: name, found: stored.shape, expected: [rows, columns]) }
      convertedBytes += 4 * stored.scales.count
      return keep(weight)
    }
    guard let type = quantization.elementType else { return try matrix(name, rows: rows, columns: columns) }
    let tensor = try checkpoint.tensor(name)
    guard tensor.shape == [rows, columns],
      let source = device.weights(tensor.bytes, rows: rows, columns: columns, type: tensor.type.elementType)
    else { throw ModelError.tensorShape(name: name, found: tensor.shape, expected: [rows, columns]) }
    let quantized = try withExtendedLifetime(source) { try device.quantize(source.tensor, to: type) }
    guard let quantized else { throw checkpoint.whyNotFinite(tensor: name) }
    // Nothing reads the file's weight again; without this the whole file would stand in memory beside the codes.
    tensor.bytes.file.release(tensor.bytes.range)
    quantizedBytes += type.byteCount(rows: rows, columns: columns)
    replacedBytes += tensor.bytes.count
    return keep(quantized)
  }

  /// In the compute type, or in bf16 as stored, which a product in fp32 widens while it packs.
  mutating func matrix(_ name: String, rows: Int, columns: Int) throws -> Tensor {
    let stored = try stored(name, rows: rows, columns: columns)
    let type = device.precision.elementType
    return stored.type == type || stored.type == .bf16 ? stored : try convert(stored, to: type)
  }

  /// [1, count] in fp32.
  mutating func vector(_ name: String, _ count: Int) throws -> Tensor {
    let tensor = try checkpoint.tensor(name)
    guard tensor.shape == [count] else {
      throw ModelError.tensorShape(name: name, found: tensor.shape, expected: [count])
    }
    return keep(device.constant(tensor.float32(), rows: 1, columns: count))
  }

  /// In the type of the file, without a copy.
  mutating func stored(_ name: String, rows: Int, columns: Int) throws -> Tensor {
    let tensor = try checkpoint.tensor(name)
    guard tensor.shape == [rows, columns],
      let weights = device.weights(tensor.bytes, rows: rows, columns: columns, type: tensor.type.elementType)
    else { throw ModelError.tensorShape(name: name, found: tensor.shape, expected: [rows, columns]) }
    return keep(weights)
  }

  private mutating func convert(_ stored: Tensor, to type: ElementType) throws -> Tensor {
    let result = keep(try device.allocate(rows: stored.rows, columns: stored.columns, type: type))
    convertedBytes += stored.rows * stored.columns * type.byteWidth
    var program = Program()
    program.add(.copy(Copy(rows: RowSpans(rows: stored.rows), input: stored, output: result)))
    let arena = Arena()
    try device.reserve(arena, plan: TensorPlan(), program: program)
    device.run(program, in: arena)
    return result
  }

  private mutating func keep(_ memory: DeviceMemory) -> Tensor {
    self.memory.append(memory)
    return memory.tensor
  }
}

extension Device {
  /// Runs a whole program.
  func run(_ program: Program, in arena: Arena, betweenLayers: (() -> Void)? = nil) {
    for step in program.steps {
      run(step.together, in: arena)
      if step.endsLayer { betweenLayers?() }
    }
  }
}

extension StoredType {
  var elementType: ElementType {
    switch self {
    case .bf16: .bf16
    case .fp16: .fp16
    case .fp32: .fp32
    }
  }
}
