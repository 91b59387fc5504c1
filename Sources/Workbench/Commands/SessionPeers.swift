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
    return SessionReader.list(in: own.deletingLastPathComponent().path).filter {
      URL(fileURLWithPath: $0).standardizedFileURL != own
    }.prefix(Self.limit).map { path in
      let name = URL(fileURLWithPath: path).lastPathComponent
      return PeerRun(path: path, name: name, detail: Self.detail(path))
    }
  }

  private static func detail(_ path: String) -> String {
    do {
      let reader = try SessionReader(folder: path)
      let run = reader.description
      let status =
        switch try reader.status() {
        case .live: "training"
        case .finished: "finished"
        case .stopped: "stopped"
        case .crashed: "crashed"
        }
      return "\(status), \(run.method) on \(run.modelName), step \(try reader.lastStep()) of \(run.totalSteps)"
    } catch {
      return "\(error)"
    }
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
      String(
        format: "margin %+.3f ± %.3f against this run over %d prompts, p %@", test.mean, test.error, test.count,
        test.p < 0.001 ? "< 0.001" : String(format: "%.3f", test.p))
    }
    return curves
  }
}
