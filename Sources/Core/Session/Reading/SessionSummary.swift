import Control
import Foundation

/// A session in words: one line for a list, a few for a page.
public struct SessionSummary: Sendable {
  private let reader: SessionReader
  private let status: SessionReader.Status
  private var steps = 0
  private var loss: Double?
  private var margin: Double?
  private var evaluation: EvaluationRecord?
  private var commands: [CommandAcknowledgement] = []
  private var checkpoints: [Int] = []
  private var end: RunSummary?
  private var began: Date?
  private var last: Date?
  private let engine: String?

  public init(_ reader: SessionReader) throws {
    self.reader = reader
    status = try reader.status()
    engine = try reader.engine()
    try reader.forEach(visits: false) { recorded in
      began = began ?? recorded.time
      last = recorded.time
      switch recorded.event {
      case .step(let record):
        steps = record.step
        loss = record.loss
        margin = record.margin
      case .evaluation(let record): evaluation = record
      case .acknowledged(let answer): commands.append(answer)
      case .checkpoint(let step, _): checkpoints.append(step)
      case .finished(let summary): end = summary
      default: break
      }
    }
  }

  private var state: String {
    switch status {
    case .live(let pid): "live (process \(pid))"
    case .finished: "finished"
    case .stopped: (end?.reason ?? .failed).rawValue
    case .crashed: "crashed"
    }
  }

  /// "finished  step 200/200  HPS-DPO on model  loss 0.0782  margin +2.56  2026-11-21 10:52".
  public var line: String {
    let run = reader.description
    var line = "\(state)  step \(steps)/\(run.totalSteps)  \(run.method) on \(run.modelName)"
    if let loss { line += String(format: "  loss %.4f", loss) }
    if let margin { line += String(format: "  margin %+.2f", margin) }
    if let last { line += "  \(Self.text(last))" }
    return line
  }

  public var lines: [String] {
    let run = reader.description
    var lines = [
      "\(reader.folder): \(state)",
      "  \(run.method)\(run.estimator.map { ", estimator \($0)" } ?? "") on \(run.modelName), "
        + "\(run.catalogue.count) prompts, \(run.promptsPerStep) a step, \(run.precision)",
      "  step \(steps) of \(run.totalSteps)" + (began.map { ", begun \(Self.text($0))" } ?? "")
        + (last.map { ", last written \(Self.text($0))" } ?? ""),
    ]
    if let engine { lines.append("  \(engine)") }
    if let parent = run.parent { lines.append("  branch of \(parent.session) from step \(parent.step) on") }
    if let loss, let margin { lines.append(String(format: "  loss %.4f, margin %+.4f", loss, margin)) }
    if let evaluation {
      lines.append(
        String(
          format: "  held out at step %d: loss %.4f, accuracy %.2f, margin to the hardest %+.4f", evaluation.step,
          evaluation.loss, evaluation.accuracy, evaluation.hardestMargin))
    }
    lines.append(
      checkpoints.isEmpty
        ? "  no checkpoint" : "  checkpoints: " + checkpoints.map(String.init).joined(separator: ", "))
    for answer in commands { lines.append("  " + Self.text(answer)) }
    if case .crashed = status { lines.append("  workbench resume \(reader.folder) goes on from the last checkpoint") }
    return lines
  }

  private static func text(_ answer: CommandAcknowledgement) -> String {
    var text = "step \(answer.effectStep): \(answer.command.key?.rawValue ?? answer.command.name)"
    if let old = answer.oldValue, let new = answer.newValue { text += " \(old) → \(new)" }
    text += " (\(answer.origin))"
    if let reason = answer.reason { text += ", \(reason)" }
    if let refusal = answer.refusal { text += ", refused: \(refusal)" }
    return text
  }

  private static func text(_ date: Date) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd HH:mm"
    return formatter.string(from: date)
  }
}
