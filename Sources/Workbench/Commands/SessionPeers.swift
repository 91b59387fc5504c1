import Control
import Foundation
import Session
import WorkbenchScreen

/// The sessions beside the one on the screen, for the tab of runs.
struct SessionPeers: PeerSource {
  /// The session on the screen.
  let session: String
  /// More than these are not listed.
  private static let limit = 50

  func list() -> [PeerRun] {
    let own = URL(fileURLWithPath: session).standardizedFileURL
    let parent = try? SessionReader(folder: session).description.parent
    return SessionReader.list(in: own.deletingLastPathComponent().path).filter {
      URL(fileURLWithPath: $0).standardizedFileURL != own
    }.prefix(Self.limit).map { path in
      let name = URL(fileURLWithPath: path).lastPathComponent
      do {
        let reader = try SessionReader(folder: path)
        return PeerRun(
          path: path, name: name, detail: try Self.detail(reader), kinship: kinship(reader, parent))
      } catch {
        return PeerRun(path: path, name: name, detail: "\(error)")
      }
    }
  }

  /// - Parameter parent: of the session on the screen.
  private func kinship(_ reader: SessionReader, _ parent: ParentRun?) -> PeerRun.Kinship? {
    if let origin = reader.description.parent, origin.lies(at: session, branch: reader.folder) {
      return .branch(step: origin.step)
    }
    return parent.flatMap { $0.lies(at: reader.folder, branch: session) ? .parent(step: $0.step) : nil }
  }

  private static func detail(_ reader: SessionReader) throws -> String {
    let run = reader.description
    let status =
      switch try reader.status() {
      case .live: "training"
      case .finished: "finished"
      case .stopped: "stopped"
      case .crashed: "crashed"
      }
    return "\(status), \(run.method) on \(run.modelName), step \(try reader.lastStep()) of \(run.totalSteps)"
  }

  func branch(step: Int, settings: [String]) throws -> (path: String, process: Int) {
    let folder = SessionChoice.free(branchOf: session)
    let (process, _) = try BackgroundRun.begin(
      ["branch", session, "--step", String(step), "--session", folder, "--headless"]
        + settings.flatMap { ["--set", $0] }, session: folder)
    return (folder, Int(process))
  }

  func curves(of path: String) throws -> PeerCurves {
    let reader = try SessionReader(folder: path)
    var curves = PeerCurves(loss: [], margin: [], accuracy: [], comparison: nil)
    try reader.forEach(visits: false) { recorded in
      guard case .step(let record) = recorded.event else { return }
      curves.loss.append(PeerCurves.Point(step: record.step, value: record.loss))
      curves.margin.append(PeerCurves.Point(step: record.step, value: record.margin))
      curves.accuracy.append(PeerCurves.Point(step: record.step, value: record.accuracy))
    }
    // The same statistics as `workbench sessions compare`.
    let comparison = try SessionComparison([SessionReader(folder: session), reader])
    curves.comparison = comparison.test(1).map { test in
      let steps = comparison.commonSteps[1].map { ", steps \($0.lowerBound)–\($0.upperBound - 1)" } ?? ""
      return String(
        format: "margin %+.3f ± %.3f against this run over %d prompts%@, p %@", test.mean, test.error, test.count,
        steps,
        test.p < 0.001 ? "< 0.001" : String(format: "%.3f", test.p))
    }
    return curves
  }
}
