import Base
import Checkpoint
import Foundation

/// A low-rank adapter: y = xWᵀ + scale · (xAᵀ)Bᵀ on the adapted modules (Hu et al., "LoRA", 2021). One of DoRA, which has
/// row lengths beside, is read to score, generate and merge; every other one can be trained.
///
/// All parameters lie in one flat fp32 buffer, in the order of `layout`. Belongs to one thread at a time.
public final class LoRAAdapter {
  public let configuration: LoRAConfiguration
  public let layout: AdapterLayout
  public let parameters: FloatBuffer
  /// DoRA's m [out] of each module; empty in plain LoRA.
  let magnitudes: [LinearAddress: [Float]]

  /// A new adapter: A uniform in ±1/√in (PEFT's Kaiming initialisation with a = √5), B zero, so that it changes nothing.
  /// - Throws: `ModelError.adapterDoesNotFit` for a rank outside 1…4096, an alpha that is not a positive number, or no
  ///   targets.
  public init(configuration: LoRAConfiguration, model: ModelConfiguration, seed: UInt64) throws {
    try Self.check(configuration, model: model)
    guard !configuration.usesDoRA else { throw ModelError.doraTraining }
    self.configuration = configuration
    magnitudes = [:]
    layout = AdapterLayout(configuration: configuration, model: model)
    parameters = try FloatBuffer(checking: layout.count)
    for (index, linear) in layout.linears.enumerated() {
      var stream = RandomStream(seed: seed, purpose: .adapterInitialisation, index: index)
      let bound = 1 / Double(linear.inputs).squareRoot()
      let values = linear.down.map { _ in Float((stream.nextUniform() * 2 - 1) * bound) }
      parameters.copy(from: values, at: linear.downOffset)
    }
  }

  /// An adapter read from PEFT files.
  /// - Throws: `ModelError.adapterDoesNotFit`.
  public init(folder: AdapterFolder, model: ModelConfiguration) throws {
    try Self.check(folder.configuration, model: model)
    configuration = folder.configuration
    layout = AdapterLayout(configuration: configuration, model: model)
    var magnitudes: [LinearAddress: [Float]] = [:]
    parameters = try FloatBuffer(checking: layout.count)
    for linear in layout.linears {
      guard let tensors = folder.tensors[linear.address], tensors.down.count == linear.down.count,
        tensors.up.count == linear.up.count,
        !configuration.usesDoRA || tensors.magnitude?.count == linear.outputs
      else { throw ModelError.adapterDoesNotFit(reason: "\(linear.address) is missing or has another size") }
      parameters.copy(from: tensors.down, at: linear.downOffset)
      parameters.copy(from: linear.storedRows?.used(tensors.up) ?? tensors.up, at: linear.upOffset)
      magnitudes[linear.address] = tensors.magnitude.map { linear.storedRows?.used($0) ?? $0 }
    }
    self.magnitudes = magnitudes
  }

  /// The factors by module, as PEFT files and a merge want them.
  public var tensors: [LinearAddress: LoRATensors] {
    Dictionary(
      uniqueKeysWithValues: layout.linears.map { linear in
        var tensors = tensors(of: linear)
        if let rows = linear.storedRows {
          tensors.up = rows.stored(tensors.up)
          tensors.magnitude = tensors.magnitude.map(rows.stored)
        }
        return (linear.address, tensors)
      })
  }

  /// With the rows of B in the order of use.
  func tensors(of linear: AdaptedLinear) -> LoRATensors {
    LoRATensors(
      down: parameters.array(in: linear.down), up: parameters.array(in: linear.up),
      magnitude: magnitudes[linear.address])
  }

  /// Whether every B is zero, as in a new adapter: the model with it has the bits of the model without.
  public var addsNothing: Bool {
    !configuration.usesDoRA
      && layout.linears.allSatisfy { parameters.array(in: $0.up).allSatisfy { $0 == 0 } }
  }

  /// Writes the adapter as PEFT does.
  /// - Throws: `CheckpointError` or a file system error.
  public func write(to url: URL, baseModelName: String) throws {
    try AdapterFolder.write(
      configuration: configuration, tensors: tensors, baseModelName: baseModelName, to: url)
  }

  static let maximumRank = 4096

  /// Refuses a configuration that no adapter of `model` can have, before anything is allocated.
  /// - Throws: `ModelError.adapterDoesNotFit`.
  public static func check(_ configuration: LoRAConfiguration, model: ModelConfiguration) throws {
    let modules = configuration.modules(of: model)
    guard !modules.isEmpty else { throw ModelError.adapterDoesNotFit(reason: "it adapts no linear") }
    for module in modules {
      guard module.alpha.isFinite, module.alpha > 0 else {
        throw ModelError.adapterDoesNotFit(reason: "alpha is \(module.alpha), and must be a positive number")
      }
      guard (1...maximumRank).contains(module.rank) else {
        throw ModelError.adapterDoesNotFit(reason: "rank \(module.rank) is not between 1 and \(maximumRank)")
      }
    }
  }
}

/// dL/dparameters, in the layout of the adapter it was made for.
public final class LoRAGradients {
  public let values: FloatBuffer

  public init(like adapter: LoRAAdapter) { values = FloatBuffer(count: adapter.parameters.count) }
}
