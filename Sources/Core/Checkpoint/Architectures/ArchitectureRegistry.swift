/// The families that a `config.json` may name, passed as a value to whoever reads one.
public struct ArchitectureRegistry: Sendable {
  public let architectures: [any Architecture]

  /// What the program reads.
  public static let standard = ArchitectureRegistry([
    Llama(), Mistral(), Qwen2(), Qwen3(), Gemma(), Gemma2(), Gemma3Text(), Gemma3Text.withPictures, OLMo2(), OLMo3(),
    SmolLM3(), Granite(), Exaone4(), InternLM3(), Phi3(), GPTNeoX(),
  ])

  /// - Parameter architectures: of different `modelType`s.
  public init(_ architectures: [any Architecture]) {
    precondition(Set(architectures.map(\.modelType)).count == architectures.count, "one family a model_type")
    self.architectures = architectures
  }

  /// The same families and one more.
  public func adding(_ architecture: any Architecture) -> ArchitectureRegistry {
    ArchitectureRegistry(architectures + [architecture])
  }

  public subscript(modelType: String) -> (any Architecture)? {
    architectures.first { $0.modelType == modelType }
  }

  public var modelTypes: [String] { architectures.map(\.modelType) }

  /// "A, B and C decoders", for refusals.
  var models: String {
    let names = architectures.map(\.models).filter { !$0.isEmpty }
    return [names.dropLast().joined(separator: ", "), names.last ?? "no"].filter { !$0.isEmpty }
      .joined(separator: " and ") + " decoders"
  }

  /// - Throws: `CheckpointError`, naming the key.
  func architecture(of config: FieldReader) throws -> any Architecture {
    guard let name = try config.string("model_type") else {
      throw config.invalid("model_type", allowed: "one of " + modelTypes.joined(separator: ", "))
    }
    guard let found = self[name] else {
      throw config.unsupported("model_type \(CheckpointError.quoted(name))", supported: models)
    }
    return found
  }
}
