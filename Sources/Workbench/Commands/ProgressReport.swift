import Control
import Dispatch
import Foundation
import JSON
import Synchronization

/// Standard error of a headless run: a bar with the time left on a terminal, otherwise a plain line every 10 seconds;
/// and every warning.
final class ProgressReport: Sendable {
  private struct State {
    var total = 0
    /// The first step that this process ran; a resumed run's is not 1.
    var first: Int?
    var shown = false
    var lastLine: UInt64 = 0
    var begin: UInt64 = 0
    var lastPhrase = ""
  }
  private let state = Mutex(State())
  private let isTerminal = isatty(2) == 1

  func observe(_ event: RunEvent) {
    state.withLock { state in
      switch event {
      case .loading(let progress): loading(progress, &state)
      case .started(let run):
        clear(&state)
        state.total = run.totalSteps
        state.begin = DispatchTime.now().uptimeNanoseconds
        state.lastLine = state.begin
        line("\(run.method) on \(run.modelName): \(run.catalogue.count) prompts, \(run.totalSteps) steps", &state)
        if let notice = run.notice { line(notice, &state) }
      case .step(let record): step(record, &state)
      case .log(let entry): line(entry.level == .info ? entry.text : "\(entry.level.rawValue): \(entry.text)", &state)
      case .checkpoint(_, let path): line("checkpoint \(path)", &state)
      default: break
      }
    }
  }

  func end() { state.withLock { clear(&$0) } }

  private func loading(_ progress: LoadingProgress, _ state: inout State) {
    if isTerminal {
      let percent = progress.fraction.map { String(format: " %3.0f %%", $0 * 100) } ?? ""
      show(progress.what + percent, &state)
    } else if progress.what != state.lastPhrase {
      state.lastPhrase = progress.what
      line(progress.what, &state)
    }
  }

  private func step(_ record: StepRecord, _ state: inout State) {
    let now = DispatchTime.now().uptimeNanoseconds
    let elapsed = Double(now - state.begin) * 1e-9
    let first = state.first ?? record.step
    state.first = first
    let left = elapsed / Double(record.step - first + 1) * Double(state.total - record.step)
    let numbers = String(
      format: "step %d/%d  loss %.4f  margin %+.4f%@  %@ left", record.step, state.total, record.loss, record.margin,
      record.gamma.map { String(format: "  γ %+.2f", $0) } ?? "", Self.duration(left))
    if isTerminal {
      let width = 24
      let full = width * record.step / max(1, state.total)
      let bar = String(repeating: "━", count: full) + String(repeating: "─", count: width - full)
      show(bar + " " + numbers, &state)
    } else if now - state.lastLine >= 10_000_000_000 {
      state.lastLine = now
      line(numbers, &state)
    }
  }

  private func show(_ text: String, _ state: inout State) {
    ExitStatus.put("\r\u{1B}[K" + text.printable)
    state.shown = true
  }

  private func clear(_ state: inout State) {
    if state.shown { ExitStatus.put("\r\u{1B}[K") }
    state.shown = false
  }

  private func line(_ text: String, _ state: inout State) {
    clear(&state)
    ExitStatus.put(text.printableLines + "\n")
  }

  /// 75 s as "1m15s".
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "–" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole)s" }
    if whole < 3600 { return "\(whole / 60)m\(String(format: "%02d", whole % 60))s" }
    return "\(whole / 3600)h\(String(format: "%02d", whole / 60 % 60))m"
  }
}
