import Base
import Checkpoint
import Control
import Device
import Foundation
import RunFile

/// The session folder of a run that is about to begin: looked at before anything is read, and taken when nothing else can
/// go wrong any more.
struct SessionClaim {
  let plan: RunPlan
  let publish: @Sendable (RunEvent) -> Void

  /// Refuses a new run whose folder holds another one, or could not be made or written in. Makes nothing.
  func requireRoom() throws {
    let isNew = plan.resume == nil || plan.resume?.branch != nil
    guard isNew, let path = plan.sessionPath else { return }
    try RunPlan.requireFree(path)
    try Self.requireWritable(path)
  }

  /// The nearest folder that exists, the session's own or one above it, has to be one that may be written in.
  private static func requireWritable(_ path: String) throws {
    func refuse(_ number: Int32) -> TrainingError {
      .cannotWrite(path, why: SystemReason.clause(for: POSIXError(POSIXErrorCode(rawValue: number) ?? .EIO)))
    }
    var place = URL(fileURLWithPath: path).standardizedFileURL
    var about = stat()
    while stat(place.path, &about) != 0 {
      guard errno == ENOENT, place.path != "/" else { throw refuse(errno) }
      place.deleteLastPathComponent()
    }
    guard about.st_mode & S_IFMT == S_IFDIR else { throw refuse(ENOTDIR) }
    guard access(place.path, W_OK | X_OK) == 0 else { throw refuse(errno) }
  }

  /// The run file as the session keeps it: with paths that hold from any folder.
  private var recorded: RunFile {
    func absolute(_ path: String) -> String { path == "-" ? path : URL(fileURLWithPath: path).path }
    var file = plan.runFile
    file.model = absolute(file.model)
    file.adapter.initFrom = file.adapter.initFrom.map(absolute)
    file.data.train = file.data.train.map(absolute)
    if case .files(let paths) = file.data.evaluation { file.data.evaluation = .files(paths.map(absolute)) }
    file.session = plan.sessionPath.map(absolute)
    return file
  }

  func facts(
    of training: TrainingSet, modelHash: String, device: any Device, threads: Int
  ) throws -> RunFacts {
    let data = try DataFingerprint(training)
    return RunFacts(
      runFile: recorded.yaml(), modelHash: modelHash, dataHash: data.root,
      engine: EngineVersion.name(of: device),
      machine: [
        "processor": Machine.processorName, "cores": String(Machine.cores), "threads": String(threads),
        "system": ProcessInfo.processInfo.operatingSystemVersionString, "host": ProcessInfo.processInfo.hostName,
      ],
      resumedFrom: plan.resume.map { $0.checkpoint?.step ?? 0 }, liveReference: plan.liveReference,
      tokenHashes: data.responses, branch: plan.resume?.branch)
  }

  /// Takes the session folder for this run, or leaves it as it was.
  func take(_ path: String, facts: RunFacts) throws -> String {
    if let resume = plan.resume {
      let differences = resume.differences(from: facts)
      if !differences.isEmpty {
        if let branch = resume.branch {
          throw TrainingError.setting(
            "\(branch.session): a branch needs its parent's model, data and engine: "
              + differences.joined(separator: ", and "))
        }
        guard resume.force else { throw TrainingError.resumeChanged(path, differences) }
        publish(
          .log(
            LogLine(
              level: .warning,
              text: "resumed by force: \(differences.joined(separator: ", and ")); the numbers differ from here on")))
      }
    }
    var isMade = false
    do {
      if plan.resume?.folder?.hasLeft == true { throw TrainingError.folderLost(path) }
      isMade = try Self.makeFolder(path)
      try plan.recorder?.open(facts)
      do {
        if let resume = plan.resume {
          CheckpointStore.removeLeftovers(session: path, announced: resume.announced.all)
        }
        try plan.recorder?.requireFolder()
        try facts.runFile.write(toFile: path + "/run.yaml", atomically: true, encoding: .utf8)
      } catch {
        plan.recorder?.abandon()
        throw error
      }
    } catch {
      // Only if it is empty: another process may have taken it in the meantime.
      if isMade { rmdir(path) }
      if error is POSIXError || error is CocoaError {
        throw TrainingError.cannotWrite(path, why: SystemReason.clause(for: error))
      }
      throw error
    }
    return path
  }

  /// - Returns: whether the folder was missing.
  private static func makeFolder(_ path: String) throws -> Bool {
    if mkdir(path, 0o777) == 0 { return true }
    if errno == ENOENT {
      let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      if mkdir(path, 0o777) == 0 { return true }
    }
    guard errno == EEXIST else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    return false
  }
}
