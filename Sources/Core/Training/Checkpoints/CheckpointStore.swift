import Base
import Checkpoint
import Control
import Foundation
import Model
import Preference

/// What a checkpoint holds beside the adapter and the moments; `trainer_state.json`. The order of the prompts and the
/// random streams follow from seed, step and epoch, so they need no state.
struct TrainerState: Codable, Equatable {
  /// Optimizer steps complete.
  var step: Int
  var totalSteps: Int
  var tokens: Int
  var gamma: GammaControl
  /// The peak rate in force, changes included.
  var learningRate: Double
  var beta: Double
  var seed: UInt64
  var promptsPerStep: Int
  var totals = Totals()
  /// The best evaluation so far by the metric that the run file names.
  var best: Best?
  /// SHA-256 of the checkpoint's other files, by name; filled in when it is written.
  var files: [String: String]?
  /// Settings beside γ, learning rate and β, by key; nil where there are none.
  var settings: [String: Double]?

  /// A setting that is one number; nil where the checkpoint does not hold it.
  subscript(key: Setting.Key) -> Double? {
    get {
      switch key {
      case .learningRate: learningRate
      case .beta: beta
      default: settings?[key.rawValue]
      }
    }
    set {
      switch key {
      case .learningRate: learningRate = newValue ?? learningRate
      case .beta: beta = newValue ?? beta
      default: settings = (settings ?? [:]).merging([key.rawValue: newValue ?? .nan]) { _, new in new }
      }
    }
  }

  /// Sums over all steps so far.
  struct Totals: Codable, Equatable {
    var seconds = 0.0
    var loss = 0.0
    var visits = 0

    mutating func add(_ record: StepRecord) {
      seconds += record.stepTime
      loss += record.loss
      visits += record.visits.count
    }
  }

  struct Best: Codable, Equatable {
    var step: Int
    var value: Double
  }
}

/// Writes a run's checkpoints: `SESSION/checkpoint-N/` with a PEFT adapter, AdamW's moments and the trainer's state.
/// A checkpoint is announced only after it was written to a temporary folder, synced, renamed and read back.
public struct CheckpointStore {
  public struct Saved: Equatable, Sendable {
    public var step: Int
    public var path: String

    public init(step: Int, path: String) {
      self.step = step
      self.path = path
    }
  }

  let session: String
  let baseModelName: String
  let model: ModelConfiguration

  /// - Parameters:
  ///   - own: steps of checkpoints that the record announces; one of them may be replaced, anything else stays.
  ///   - requireFolder: throws where the session folder is not this run's any more; asked before anything is written,
  ///     and again before it gets its name.
  func save(
    adapter: LoRAAdapter, optimizer: Optimizer, state: TrainerState, replacing own: Set<Int>,
    requireFolder: () throws -> Void
  ) throws -> Saved {
    let final = URL(fileURLWithPath: session).appendingPathComponent("\(Self.prefix)\(state.step)")
    let temporary = URL(fileURLWithPath: session).appendingPathComponent(Self.partial(state.step))
    do {
      // Opened first: once it is known to be the run's own, names change in this folder or nowhere.
      let folder = try HeldFolder(path: session)
      try requireFolder()
      try? FileManager.default.removeItem(at: temporary)
      try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: false)
      let (first, second, updates) = (optimizer.firstMoment, optimizer.secondMoment, optimizer.updates)
      let file = temporary.appendingPathComponent(Self.optimizerName)
      let beside = Ahead { try Moments.write(first, second, updates: updates, to: file) }
      let written = Result { try adapter.write(to: temporary, baseModelName: baseModelName) }
      try beside.get()
      try written.get()
      var state = state
      state.files = try Self.hashes(of: temporary).mapValues { try $0.get() }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(state).write(to: temporary.appendingPathComponent(Self.stateName))
      try Data().write(to: temporary.appendingPathComponent(Self.unannouncedName))
      for name in try FileManager.default.contentsOfDirectory(atPath: temporary.path) {
        try Self.sync(temporary.appendingPathComponent(name).path)
      }
      try Self.sync(temporary.path)
      try requireFolder()
      if FileIdentity.at(final.path) != .nothing {
        guard own.contains(state.step) else { throw TrainingError.occupied(final.path) }
        try remove(state.step, from: folder)
      }
      try folder.rename(Self.partial(state.step), to: final.lastPathComponent)
      try folder.sync()
      _ = try Self.load(Saved(step: state.step, path: final.path), model: model)
    } catch {
      // Where the folder is another's by now, so is what bears the name of the temporary one.
      try requireFolder()
      try? FileManager.default.removeItem(at: temporary)
      if error is CheckpointError || error is TrainingError { throw error }
      throw TrainingError.cannotWrite(final.path, why: SystemReason.clause(for: error))
    }
    return Saved(step: state.step, path: final.path)
  }

  private static let prefix = "checkpoint-"
  private static let optimizerName = "optimizer.safetensors"
  private static let stateName = "trainer_state.json"
  /// In a checkpoint that the record does not announce yet.
  private static let unannouncedName = ".unannounced"

  private static func partial(_ step: Int) -> String { ".\(prefix)\(step).partial" }
  private static func doomed(_ step: Int) -> String { ".\(prefix)\(step).old" }

  // MARK: Reading

  /// AdamW's state where it lies in a checkpoint: one number a parameter each, and the updates done.
  struct Moments: Sendable {
    let first, second: StoredTensor
    let updates: Int

    fileprivate init(checkpoint: String) throws {
      let file = try SafetensorsFile(path: checkpoint + "/" + optimizerName)
      guard let updates = file.metadata["step"].flatMap({ Int($0) }), updates >= 0 else {
        throw TrainingError.badCheckpoint(checkpoint, why: "\(optimizerName) does not say its number of updates")
      }
      first = try file.tensor(Self.names.first)
      second = try file.tensor(Self.names.second)
      self.updates = updates
    }

    /// The names PyTorch's AdamW gives them.
    private static let names = (first: "exp_avg", second: "exp_avg_sq")

    /// From where the optimizer keeps them, piece by piece; nobody may write there meanwhile.
    fileprivate static func write(_ first: FloatBuffer, _ second: FloatBuffer, updates: Int, to url: URL) throws {
      func entry(_ name: String, _ values: FloatBuffer) -> SafetensorsEntry {
        SafetensorsEntry(name: name, shape: [values.count], type: .fp32) { values.array(in: $0) }
      }
      try SafetensorsFile.write(
        [entry(names.first, first), entry(names.second, second)],
        metadata: ["format": "pt", "step": String(updates)], to: url)
    }
  }

  /// A checkpoint as it was read back and checked.
  struct Contents {
    var saved: Saved
    var adapter: AdapterFolder
    var moments: Moments
    var state: TrainerState
  }

  /// Reads a checkpoint whole and compares the hashes of its files.
  /// - Throws: one sentence, `CheckpointError` or `TrainingError`.
  static func load(_ saved: Saved, model: ModelConfiguration) throws -> Contents {
    let folder = URL(fileURLWithPath: saved.path)
    let state: TrainerState
    do {
      state = try JSONDecoder().decode(
        TrainerState.self, from: Data(contentsOf: folder.appendingPathComponent(stateName)))
    } catch {
      throw TrainingError.badCheckpoint(saved.path, why: "\(stateName) cannot be read")
    }
    guard state.step == saved.step else {
      throw TrainingError.badCheckpoint(saved.path, why: "\(stateName) is of step \(state.step)")
    }
    let hashes = hashes(of: folder)
    let read = Result { try contents(of: saved, state: state, model: model) }
    let found = try hashes.mapValues { try $0.get() }
    for (name, hash) in (state.files ?? [:]).sorted(by: { $0.key < $1.key }) where found[name] != hash {
      throw TrainingError.badCheckpoint(saved.path, why: "\(name) is not what was written")
    }
    return try read.get()
  }

  private static func contents(
    of saved: Saved, state: TrainerState, model: ModelConfiguration
  ) throws -> Contents {
    let adapter = try AdapterFolder.read(path: saved.path, model: model)
    return Contents(saved: saved, adapter: adapter, moments: try Moments(checkpoint: saved.path), state: state)
  }

  /// Reads a checkpoint as `load` does and keeps nothing of it.
  public static func verify(_ saved: Saved, model: ModelConfiguration) throws { _ = try load(saved, model: model) }

  /// SHA-256 by file name, of the files whose bytes a resumed run computes with.
  private static func hashes(of folder: URL) -> [String: Ahead<String>] {
    let names = [optimizerName, "adapter_model.safetensors", "adapter_config.json"]
    return Dictionary(
      uniqueKeysWithValues: names.map { name in
        let path = folder.appendingPathComponent(name).path
        return (name, Ahead { try FileHash.plain(of: path) })
      })
  }

  // MARK: The last and the best

  /// The record announces this checkpoint now, so it stays whatever happens to the process.
  func announced(_ step: Int) {
    try? HeldFolder(path: "\(session)/\(Self.prefix)\(step)").unlink(Self.unannouncedName)
  }

  /// Removes checkpoints of the run. One that cannot be removed stays, and so does one that a branch reads.
  /// - Returns: the steps of those that are gone.
  func remove(_ steps: [Int], requireFolder: () throws -> Void) -> [Int] {
    guard !steps.isEmpty, let folder = try? HeldFolder(path: session), (try? requireFolder()) != nil else { return [] }
    return steps.filter { step in
      let path = "\(session)/\(Self.prefix)\(step)"
      guard FileIdentity.at(path) != .nothing else { return true }
      guard let lock = FolderInUse.lockForRemoval(path) else { return false }
      defer { lock.release() }
      return (try? remove(step, from: folder)) != nil
    }
  }

  /// Under another name first: a folder with the name of a checkpoint is never half of one.
  private func remove(_ step: Int, from folder: HeldFolder) throws {
    let doomed = session + "/" + Self.doomed(step)
    try? FileManager.default.removeItem(atPath: doomed)
    try folder.rename("\(Self.prefix)\(step)", to: Self.doomed(step))
    try? FileManager.default.removeItem(atPath: doomed)
  }

  /// Removes what processes that died left: half-written and half-removed checkpoints, and whole ones that they could
  /// not announce any more.
  /// - Parameter own: the steps that the session's record announces.
  static func removeLeftovers(session: String, announced own: Set<Int>) {
    for (name, step) in leftovers(session: session) {
      if own.contains(step), at(name) != nil {
        unlink("\(session)/\(name)/\(unannouncedName)")
      } else {
        try? FileManager.default.removeItem(atPath: session + "/" + name)
      }
    }
  }

  /// What only a process of this program can have left in a session folder, by name and step.
  public static func leftovers(session: String) -> [(name: String, step: Int)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: session)) ?? []
    return names.compactMap { name in
      if let saved = at(session + "/" + name) {
        return FileManager.default.fileExists(atPath: saved.path + "/" + unannouncedName) ? (name, saved.step) : nil
      }
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 3, parts[0].isEmpty, let saved = at(String(parts[1])),
        name == partial(saved.step) || name == doomed(saved.step)
      else { return nil }
      return (name, saved.step)
    }
  }

  /// The checkpoint with the most steps in a session folder; partial ones are not looked at.
  public static func latest(session: String) -> Saved? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: session)) ?? []
    return names.compactMap { at(session + "/" + $0) }.max { $0.step < $1.step }
  }

  /// The checkpoint in this very folder, by its name.
  public static func at(_ path: String) -> Saved? {
    let name = URL(fileURLWithPath: path).lastPathComponent
    guard name.hasPrefix(prefix), let step = Int(name.dropFirst(prefix.count)) else { return nil }
    return Saved(step: step, path: path)
  }

  /// fsync of a file or folder.
  private static func sync(_ path: String) throws {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
  }
}
