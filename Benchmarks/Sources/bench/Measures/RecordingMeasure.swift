import Control
import Foundation
import RunFile
import Session
import SpeedMeasurement
import Synchronization
import Training

extension Catalogue {
  static let recording = Measure(
    name: "recording", summary: "pairs a second with the session's record against without, in turn, on small steps"
  ) { setting in
    // Steps of a twentieth of a second: whatever a record costs, it costs most here.
    let folder = try RunFolder(setting, steps: setting.quick ? 10 : 100, randomModel: .tiny)
    defer { folder.remove() }
    let file = try RunFile.read(path: folder.runFile, overrides: [])
    var ratios: [Double] = []
    var work: [Double] = []
    var costs: [Double] = []
    var bytes: [Double] = []
    for _ in 0..<setting.rounds(7) {
      let plain = try time(file, session: nil)
      let session = folder.session
      let recorded = try time(file, session: session)
      ratios.append(plain.wall / recorded.wall)
      work.append(plain.processor / recorded.processor)
      costs.append((recorded.processor - plain.processor) / Double(folder.steps - 1) * 1e3)
      let size = try FileManager.default.attributesOfItem(atPath: session + "/session.db")[.size] as? Int ?? 0
      bytes.append(Double(size) / Double(folder.steps))
    }
    return [
      Row("pairs/s with the record to pairs/s without", ratios, "×", bar: .atLeast(0.99)),
      Row("the same by processor time", work, "×", note: "of all threads, the record's own among them"),
      Row("processor time of recording a step of 16 pairs", costs, "ms"),
      Row("the record's file, a step", bytes, "bytes", note: "of \(folder.steps) steps; tables and indices among them"),
    ]
  }

  /// Seconds from the first step's end to the last one's, by the clock and of all threads together.
  private static func time(_ file: RunFile, session: String?) throws -> (wall: Double, processor: Double) {
    let recorder = session.map(SessionRecorder.init)
    var plan = RunPlan(runFile: file, sessionPath: session)
    plan.recorder = recorder
    let ends = Mutex<[(wall: UInt64, processor: Double)]>([])
    let handle = RunHandle { event in
      recorder?.observe(event)
      if case .step = event { ends.withLock { $0.append((DispatchTime.now().uptimeNanoseconds, ProcessorTime.now)) } }
    }
    handle.start(plan)
    if case .failed(let error) = handle.wait() { throw error }
    if let sentence = recorder?.close() { throw Refusal(sentence) }
    let all = ends.withLock { $0 }
    guard let first = all.first, let last = all.last, all.count > 1 else { throw Refusal("the run made no steps") }
    return (Double(last.wall - first.wall) * 1e-9, last.processor - first.processor)
  }
}
