import Checkpoint
import Control
import Model
import Preference
import PreferenceData
import Text

/// What a run trains, with nothing read but the model's headers and the tokenizer's files.
public struct PreparedModel {
  public let objective: Objective
  /// What a person should know before the run, one sentence each; none keeps it from running.
  public let warnings: [String]
  public let checkpoint: CheckpointFolder
  public let text: TextFolder
}

/// Where a run's adapter comes from. Its parameters are made when the run starts.
public struct PreparedAdapter {
  enum Origin {
    case fresh
    /// `adapter.init_from`.
    case initial(AdapterFolder)
    /// The checkpoint that a resumed run, or a branch, begins with.
    case checkpoint(CheckpointStore.Contents)
  }

  let origin: Origin
  public let configuration: LoRAConfiguration
  /// The modules that it adapts, each with its rank and scale.
  public let modules: [AdaptedModule]
  /// Layers of the model.
  public let layerCount: Int

  init(_ origin: Origin, _ configuration: LoRAConfiguration, model: ModelConfiguration) {
    self.origin = origin
    self.configuration = configuration
    modules = configuration.modules(of: model)
    layerCount = model.layerCount
  }

  /// The checkpoint of an earlier process.
  var earlier: CheckpointStore.Contents? { if case .checkpoint(let contents) = origin { contents } else { nil } }

  func make(model: ModelConfiguration, seed: UInt64) throws -> LoRAAdapter {
    switch origin {
    case .fresh: try LoRAAdapter(configuration: configuration, model: model, seed: seed)
    case .initial(let folder): try LoRAAdapter(folder: folder, model: model)
    case .checkpoint(let contents): try LoRAAdapter(folder: contents.adapter, model: model)
    }
  }
}

/// The prompts that a run trains on and those that it holds out, tokenized, and the length of the run that follows.
public struct PreparedData {
  public let training: PreferenceReader.Encoded
  public let heldOut: PreferenceReader.Encoded?
  public let settings: LoopSettings
  let gamma: GammaControl

  var sets: [PreferenceReader.Encoded] { [training] + (heldOut.map { [$0] } ?? []) }
}

/// A run that can begin: everything that could be refused of it without training was looked at. `check` prints it and
/// `train` starts it, so neither accepts what the other refuses. Nothing large is allocated yet, and nothing was written but
/// the cache of tokenized rows.
public struct PreparedRun {
  public let plan: RunPlan
  public let model: PreparedModel
  public let adapter: PreparedAdapter
  public let data: PreparedData
  public let settings: LoopSettings
  /// Its weights are mapped.
  let language: LanguageModel
  public let memory: MemoryPlan
  /// Bytes that this process could take when the plan was made; nil where the system does not tell.
  public let availableMemory: Int?

  var threads: Int { plan.runFile.training.threads ?? Machine.cores }
}

/// What has become known on the way to a `PreparedRun`, in this order.
public enum PreparationStage {
  case model(PreparedModel)
  case adapter(PreparedAdapter)
  case data(PreparedData)
}
