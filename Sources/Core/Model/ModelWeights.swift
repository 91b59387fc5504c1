import Checkpoint
import Numerics

/// The frozen weights of a decoder: mapped where the file stores them in bf16 or in the compute type, converted to that
/// once otherwise. Norm weights and biases are fp32.
struct ModelWeights: Sendable {
  struct Linear: Sendable {
    /// [out, in].
    let weight: Matrix
    /// [1, out].
    let bias: Matrix?
  }

  struct Layer: Sendable {
    /// [1, H].
    let attentionNorm: Matrix
    let mlpNorm: Matrix
    let q, k, v, o, gate, up, down: Linear

    subscript(kind: LinearKind) -> Linear {
      switch kind {
      case .q_proj: q
      case .k_proj: k
      case .v_proj: v
      case .o_proj: o
      case .gate_proj: gate
      case .up_proj: up
      case .down_proj: down
      }
    }
  }

  /// [V, H], in the stored or the compute type.
  let embedding: Matrix
  let layers: [Layer]
  let finalNorm: Matrix
  /// [V, H]; the embedding where the two are tied.
  let head: Matrix
  /// Bytes of weights that had to be converted, and so live in memory of their own.
  let convertedBytes: Int

  init(checkpoint: CheckpointFolder, runtime: Runtime) throws {
    let configuration = checkpoint.configuration
    var loader = WeightLoader(checkpoint: checkpoint, runtime: runtime)
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
      return Layer(
        attentionNorm: try loader.vector(prefix + "input_layernorm.weight", configuration.hiddenSize),
        mlpNorm: try loader.vector(prefix + "post_attention_layernorm.weight", configuration.hiddenSize),
        q: try loader.linear(.q_proj, layer), k: try loader.linear(.k_proj, layer),
        v: try loader.linear(.v_proj, layer), o: try loader.linear(.o_proj, layer),
        gate: try loader.linear(.gate_proj, layer), up: try loader.linear(.up_proj, layer),
        down: try loader.linear(.down_proj, layer))
    }
    finalNorm = try loader.vector("model.norm.weight", configuration.hiddenSize)
    convertedBytes = loader.convertedBytes
  }
}

/// Turns stored tensors into matrices, checking every shape.
private struct WeightLoader {
  let checkpoint: CheckpointFolder
  let runtime: Runtime
  var convertedBytes = 0

  mutating func linear(_ kind: LinearKind, _ layer: Int) throws -> ModelWeights.Linear {
    let (outputs, inputs) = kind.shape(in: checkpoint.configuration)
    let name = kind.fullName(layer: layer)
    return ModelWeights.Linear(
      weight: try matrix(name + ".weight", rows: outputs, columns: inputs),
      bias: kind.hasBias(in: checkpoint.configuration) ? try vector(name + ".bias", outputs) : nil)
  }

  /// In the compute type, or in bf16 as stored, which a product in fp32 widens while it packs.
  mutating func matrix(_ name: String, rows: Int, columns: Int) throws -> Matrix {
    let stored = try stored(name, rows: rows, columns: columns)
    let type = runtime.precision.elementType
    return stored.type == type || stored.type == .bf16 ? stored : convert(stored, to: type)
  }

  /// [1, count] in fp32.
  mutating func vector(_ name: String, _ count: Int) throws -> Matrix {
    let tensor = try checkpoint.tensor(name)
    guard tensor.shape == [count] else {
      throw ModelError.tensorShape(name: name, found: tensor.shape, expected: [count])
    }
    return Matrix(tensor.float32(), rows: 1, columns: count)
  }

  /// In the type of the file, without a copy.
  func stored(_ name: String, rows: Int, columns: Int) throws -> Matrix {
    let tensor = try checkpoint.tensor(name)
    guard tensor.shape == [rows, columns],
      let matrix = Matrix(mapped: tensor.bytes, rows: rows, columns: columns, type: tensor.type.elementType)
    else { throw ModelError.tensorShape(name: name, found: tensor.shape, expected: [rows, columns]) }
    return matrix
  }

  private mutating func convert(_ stored: Matrix, to type: ElementType) -> Matrix {
    let result = Matrix(zeros: stored.rows, stored.columns, type)
    convertedBytes += stored.rows * stored.columns * type.byteWidth
    let block = max(1, (1 << 18) / stored.columns)
    runtime.parallel((stored.rows + block - 1) / block) { [runtime] task, _ in
      let rows = task * block..<min((task + 1) * block, stored.rows)
      runtime.convert(stored.rows(rows), into: result.rows(rows))
    }
    return result
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
