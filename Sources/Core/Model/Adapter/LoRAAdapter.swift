import Base
import Checkpoint
import Foundation
import Base

/// A trainable low-rank adapter: y = xWᵀ + scale · (xAᵀ)Bᵀ on the adapted linears (Hu et al., "LoRA", 2021).
///
/// All parameters lie in one flat fp32 buffer, in the order of `layout`. Belongs to one thread at a time.
public final class LoRAAdapter {
  public let configuration: LoRAConfiguration
  public let layout: AdapterLayout
  public let parameters: FloatBuffer

  /// A new adapter: A uniform in ±1/√in (PEFT's Kaiming initialisation with a = √5), B zero, so that it changes nothing.
  /// - Throws: `ModelError.adapterDoesNotFit` for a rank outside 1…4096, an alpha that is not a positive number, or no
  ///   targets.
  public init(configuration: LoRAConfiguration, model: ModelConfiguration, seed: UInt64) throws {
    try Self.check(configuration)
    self.configuration = configuration
    layout = AdapterLayout(configuration: configuration, model: model)
    parameters = try FloatBuffer(checking: layout.count)
    for (index, linear) in layout.linears.enumerated() {
      var stream = RandomStream(seed: seed, purpose: .adapterInitialisation, index: index)
      let bound = 1 / Double(linear.inputs).squareRoot()
      let values = (0..<layout.rank * linear.inputs).map { _ in Float((stream.nextUniform() * 2 - 1) * bound) }
      parameters.copy(from: values, at: linear.downOffset)
    }
  }

  /// An adapter read from PEFT files.
  /// - Throws: `ModelError.adapterDoesNotFit`.
  public init(folder: AdapterFolder, model: ModelConfiguration) throws {
    try Self.check(folder.configuration)
    configuration = folder.configuration
    layout = AdapterLayout(configuration: configuration, model: model)
    parameters = try FloatBuffer(checking: layout.count)
    for linear in layout.linears {
      guard let tensors = folder.tensors[linear.address], tensors.down.count == layout.rank * linear.inputs,
        tensors.up.count == layout.rank * linear.outputs
      else { throw ModelError.adapterDoesNotFit(reason: "\(linear.address) is missing or has another size") }
      parameters.copy(from: tensors.down, at: linear.downOffset)
      parameters.copy(from: tensors.up, at: linear.upOffset)
    }
  }

  /// The factors by linear, as PEFT files and a merge want them.
  public var tensors: [LinearAddress: LoRATensors] {
    Dictionary(
      uniqueKeysWithValues: layout.linears.map { linear in
        let down = parameters.array(in: linear.downOffset..<linear.downOffset + layout.rank * linear.inputs)
        return (linear.address, LoRATensors(down: down, up: up(linear)))
      })
  }

  /// Whether every B is zero, as in a new adapter: the model with it has the bits of the model without.
  public var addsNothing: Bool {
    layout.linears.allSatisfy { up($0).allSatisfy { $0 == 0 } }
  }

  private func up(_ linear: AdaptedLinear) -> [Float] {
    parameters.array(in: linear.upOffset..<linear.upOffset + layout.rank * linear.outputs)
  }

  /// Writes the adapter as PEFT does.
  /// - Throws: `CheckpointError` or a file system error.
  public func write(to url: URL, baseModelName: String) throws {
    try AdapterFolder.write(
      configuration: configuration, tensors: tensors, baseModelName: baseModelName, to: url)
  }

  static let maximumRank = 4096

  /// Refuses a configuration that no adapter can have, before anything is allocated.
  /// - Throws: `ModelError.adapterDoesNotFit`.
  public static func check(_ configuration: LoRAConfiguration) throws {
    guard !configuration.targetModules.isEmpty else {
      throw ModelError.adapterDoesNotFit(reason: "it adapts no linear")
    }
    guard configuration.alpha.isFinite, configuration.alpha > 0 else {
      throw ModelError.adapterDoesNotFit(reason: "alpha is \(configuration.alpha), and must be a positive number")
    }
    guard (1...maximumRank).contains(configuration.rank) else {
      throw ModelError.adapterDoesNotFit(
        reason: "rank \(configuration.rank) is not between 1 and \(maximumRank)")
    }
  }
}

/// dL/dparameters, in the layout of the adapter it was made for.
public final class LoRAGradients {
  public let values: FloatBuffer

  public init(like adapter: LoRAAdapter) { values = FloatBuffer(count: adapter.parameters.count) }
}
