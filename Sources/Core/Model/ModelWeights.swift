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

  /// The parameters of a norm of the residual stream's width.
  struct Norm: Sendable {
    /// [1, H].
    let weight: Tensor
    let kind: NormKind

    /// b [1, H] of a LayerNorm.
    var bias: Tensor? { if case .layer(let bias) = kind { bias } else { nil } }
    var isCentered: Bool { bias != nil }
  }

  struct Layer: Sendable {
    /// Of what goes into a block and of what comes out of it; nil where nothing is normalised there.
    let attentionNorm: Norm?
    let attentionOutputNorm: Norm?
    let mlpNorm: Norm?
    let mlpOutputNorm: Norm?
    /// [1, span] of queries and of keys, where they have norms of their own.
    let headNorms: (query: Tensor, key: Tensor)?
    fileprivate let linears: [LinearKind: Linear]

    subscript(kind: LinearKind) -> Linear {
      guard let linear = linears[kind] else { preconditionFailure("a linear that the model has") }
      return linear
    }
  }

  /// [V, H], in the stored or the compute type.
  let embedding: Tensor
  let layers: [Layer]
  let finalNorm: Norm
  /// [V, H]; the embedding where the two are tied; nil where the checkpoint predicts no tokens.
  let head: Tensor?
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
    let (rows, columns) = (configuration.vocabularySize, configuration.hiddenSize)
    let table = "model.embed_tokens.weight"
    if configuration.head != .logits {
      (head, embedding) = (nil, try loader.stored(table, rows: rows, columns: columns))
    } else if configuration.tiedEmbeddings {
      let both = try loader.matrix(table, rows: rows, columns: columns)
      (head, embedding) = (both, both)
    } else {
      head = try loader.matrix("lm_head.weight", rows: rows, columns: columns)
      embedding = try loader.stored(table, rows: rows, columns: columns)
    }
    layers = try (0..<configuration.layerCount).map { layer in
      let names = configuration.layer
      func norm(_ name: String?, _ count: Int) throws -> Tensor? {
        try name.map { try loader.normWeight("\(names.list).\(layer).\($0).weight", count) }
      }
      func blockNorm(_ name: String?) throws -> Norm? {
        try name.map { try loader.norm("\(names.list).\(layer).\($0)", configuration.hiddenSize) }
      }
      let sizes = names.queryKeyNorm.map(configuration.queryKeyNormSizes)
      let query = try norm(names.queryKeyNorm?.query, sizes?.query ?? 0)
      let key = try norm(names.queryKeyNorm?.key, sizes?.key ?? 0)
      return Layer(
        attentionNorm: try blockNorm(names.attentionNorm),
        attentionOutputNorm: try blockNorm(names.attentionOutputNorm),
        mlpNorm: try blockNorm(names.mlpNorm),
        mlpOutputNorm: try blockNorm(names.mlpOutputNorm),
        headNorms: query.flatMap { query in key.map { (query, $0) } },
        linears: try loader.linears(layer))
    }
    // z / L is what h / L gives.
    finalNorm = try loader.norm(
      "model.norm", configuration.hiddenSize, factor: Float(1 / configuration.embeddings.logitDivisor))
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
    return layer.linears.reduce(0) { sum, kind in
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

  /// Those of a layer: rows of a module's weight where it holds several.
  mutating func linears(_ layer: Int) throws -> [LinearKind: ModelWeights.Linear] {
    let configuration = checkpoint.configuration
    var found: [LinearKind: ModelWeights.Linear] = [:]
    for module in configuration.layer.modules {
      let (outputs, inputs) = module.shape(in: configuration)
      let name = module.fullName(layer: layer)
      let order = module.storedRows(in: configuration)
      let weight = try weight(name + ".weight", rows: outputs, columns: inputs, order: order)
      let bias = module.hasBias(in: configuration) ? try vector(name + ".bias", outputs, order: order) : nil
      for (kind, rows) in zip(module.parts, module.rows(in: configuration)) {
        found[kind] = ModelWeights.Linear(weight: weight.rows(rows), bias: bias?.columns(rows))
      }
    }
    return found
  }

  /// A linear's weight whose rows the file has in another order: a copy.
  private mutating func ordered(_ name: String, rows: Int, columns: Int, order: StoredRows) throws -> Tensor {
    let tensor = try checkpoint.tensor(name)
    guard tensor.shape == [rows, columns] else {
      throw ModelError.tensorShape(name: name, found: tensor.shape, expected: [rows, columns])
    }
    let staging = try device.allocate(rows: rows, columns: columns, type: .fp32)
    device.write(order.used(tensor.float32()), to: staging.tensor)
    tensor.bytes.file.release(tensor.bytes.range)
    return try withExtendedLifetime(staging) {
      guard let type = quantization.elementType else {
        let type = device.precision.elementType
        return try convert(staging.tensor, to: tensor.type == .bf16 ? .bf16 : type)
      }
      guard let quantized = try device.quantize(staging.tensor, to: type) else {
        throw checkpoint.whyNotFinite(tensor: name)
      }
      quantizedBytes += type.byteCount(rows: rows, columns: columns)
      replacedBytes += tensor.bytes.count
      return keep(quantized)
    }
  }

  /// A linear's weight: quantized by the file, or now, or as it is.
  private mutating func weight(_ name: String, rows: Int, columns: Int, order: StoredRows?) throws -> Tensor {
    if let order { return try ordered(name, rows: rows, columns: columns, order: order) }
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
  mutating func vector(_ name: String, _ count: Int, order: StoredRows? = nil) throws -> Tensor {
    let values = try values(name, count)
    return keep(device.constant(order?.used(values) ?? values, rows: 1, columns: count))
  }

  /// A norm's parameters, both times `factor`.
  mutating func norm(_ name: String, _ count: Int, factor: Float = 1) throws -> ModelWeights.Norm {
    let weight = try normWeight(name + ".weight", count, factor: factor)
    guard checkpoint.configuration.layer.norm.isCentered else { return ModelWeights.Norm(weight: weight, kind: .rms) }
    let bias = try values(name + ".bias", count).map { $0 * factor }
    return ModelWeights.Norm(
      weight: weight, kind: .layer(bias: keep(device.constant(bias, rows: 1, columns: count))))
  }

  /// A norm's weight, with what the family adds to the stored one, times `factor`.
  mutating func normWeight(_ name: String, _ count: Int, factor: Float = 1) throws -> Tensor {
    let offset = Float(checkpoint.configuration.layer.norm.offset)
    let weight = try values(name, count).map { ($0 + offset) * factor }
    return keep(device.constant(weight, rows: 1, columns: count))
  }

  private func values(_ name: String, _ count: Int) throws -> [Float] {
    let tensor = try checkpoint.tensor(name)
    guard tensor.shape == [count] else {
      throw ModelError.tensorShape(name: name, found: tensor.shape, expected: [count])
    }
    return tensor.float32()
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
