import Control
import Dispatch
import Foundation
import Job
import Synchronization

/// Standard error of a headless run: a bar with the time left on a terminal, otherwise a plain line every 10 seconds;
/// and every warning.
final class ProgressReport: Sendable {
  private struct State {
    var total = 0
    /// The first step that this process ran; a resumed run's is not 1.
    var first: Int?
    var status = StatusLine()
    var lastLine: UInt64 = 0
    var begin: UInt64 = 0
    var lastPhrase = ""
  }
  private let state = Mutex(State())

  func observe(_ event: RunEvent) {
    state.withLock { state in
      switch event {
      case .loading(let progress): loading(progress, &state)
      case .started(let run):
        state.status.clear()
        state.total = run.totalSteps
        state.begin = DispatchTime.now().uptimeNanoseconds
        state.lastLine = state.begin
        state.status.write("\(run.method) on \(run.modelName): \(run.catalogue.count) prompts, \(run.totalSteps) steps")
        if let notice = run.notice { state.status.write(notice) }
      case .step(let record): step(record, &state)
      case .log(let entry):
        state.status.write(entry.level == .info ? entry.text : "\(entry.level.rawValue): \(entry.text)")
      case .checkpoint(_, let path): state.status.write("checkpoint \(path)")
      default: break
      }
    }
  }

  func end() { state.withLock { $0.status.clear() } }

  private func loading(_ progress: LoadingProgress, _ state: inout State) {
    if state.status.isTerminal {
      let percent = progress.fraction.map { String(format: " %3.0f %%", $0 * 100) } ?? ""
      state.status.show(progress.what + percent)
    } else if progress.what != state.lastPhrase {
      state.lastPhrase = progress.what
      state.status.write(progress.what)
    }
  }

  private func step(_ record: StepRecord, _ state: inout State) {
    let now = DispatchTime.now().uptimeNanoseconds
    let elapsed = Double(now - state.begin) * 1e-9
    let first = state.first ?? record.step
    state.first = first
    let total = Double(max(1, state.total))
    let progress = JobProgress(
      what: "training", done: record.step - first + 1, fraction: Double(record.step) / total,
      begunAt: Double(first - 1) / total, elapsed: elapsed)
    let numbers = String(
      format: "step %d/%d  loss %.4f  margin %+.4f%@  %@ left", record.step, state.total, record.loss, record.margin,
      record.gamma.map { String(format: "  γ %+.2f", $0) } ?? "", JobProgress.duration(progress.remaining ?? .nan))
    if state.status.isTerminal {
      state.status.show(JobProgress.bar(progress.fraction ?? 0) + " " + numbers)
    } else if now - state.lastLine >= 10_000_000_000 {
      state.lastLine = now
      state.status.write(numbers)
    }
  }
}
