import Control
import Foundation
import GRDB

extension SessionReader {
  /// A row of `step` or `event`, before it is an event again.
  struct RecordedRow {
    var sequence: Int64
    var segment: Int64
    var step: Int64
    var time: Date
    /// nil for a step.
    var kind: EventBody.Kind?
    var row: Row
  }

  /// Which rows are on the run's present line.
  struct Segments {
    private let resumedFrom: [Int64]

    init(_ db: Database) throws {
      resumedFrom = try Row.fetchAll(db, sql: "SELECT resumed_from FROM segment ORDER BY id").map {
        try DatabaseRow(row: $0, table: "segment").whole("resumed_from")
      }
    }

    /// Step counts from which a later process began again.
    func keeps(_ row: RecordedRow) -> Bool {
      let later = resumedFrom.dropFirst(Int(clamping: row.segment))
      switch row.kind {
      case nil, .evaluation, .generation, .answerShares: return !later.contains { $0 < row.step }
      case .started: return row.segment == 1
      case .finished: return later.isEmpty
      case .state:
        let body: String? = row.row["body"]
        return later.isEmpty || !(body ?? "").contains(#""failed""#) && !(body ?? "").contains(#""finished""#)
      default: return true
      }
    }
  }

  /// Rows of both tables in order.
  static func rows(_ db: Database, after cursor: Int64, limit: Int) throws -> [RecordedRow] {
    var rows: [RecordedRow] = []
    for table in ["step", "event"] {
      let found = try Row.fetchAll(
        db.cachedStatement(sql: "SELECT * FROM \(table) WHERE seq > ? ORDER BY seq LIMIT ?"),
        arguments: [cursor, limit])
      for row in found {
        let values = DatabaseRow(row: row, table: table)
        var kind: EventBody.Kind?
        if table == "event" {
          kind = EventBody.Kind(rawValue: try values.text("kind"))
          if kind == nil { throw values.problem("kind") }
        }
        rows.append(
          RecordedRow(
            sequence: try values.whole("seq", in: 1...(1 << 43)), segment: try values.whole("segment", in: 1...1 << 32),
            step: try values.whole("step", in: 0...(1 << 32)),
            time: Date(timeIntervalSince1970: try values.number("time")), kind: kind, row: row))
      }
    }
    return Array(rows.sorted { $0.sequence < $1.sequence }.prefix(limit))
  }

  /// - Parameter metrics: the row's own in the table `metric`.
  func event(_ row: RecordedRow, _ db: Database, visits: Bool, metrics: [MetricValues.Entry]) throws -> RunEvent? {
    guard let kind = row.kind else {
      var record = try step(row, visits: visits ? self.visits(row, db) : [])
      try record.values.add(metrics)
      return .step(record)
    }
    let values = DatabaseRow(row: row.row, table: "event")
    let body = try values.text("body")
    switch kind {
    case .started: return .started(description)
    case .state:
      guard let state = try EventBody.decode(EventBody.State.self, body).runState else { throw values.problem("body") }
      return .stateChanged(state)
    case .evaluation:
      var record = try EventBody.decode(EventBody.Evaluation.self, body).record
      try record.values.add(metrics)
      return .evaluation(record)
    case .generation: return .generation(try EventBody.decode(GenerationRecord.self, body))
    case .answerShares: return .answerShares(try EventBody.decode(AnswerShares.self, body))
    case .gammaPlan:
      guard let plan = try EventBody.decode(EventBody.GammaPlan.self, body).plan else { throw values.problem("body") }
      return .gammaPlan(plan)
    case .command:
      guard let answer = try EventBody.decode(EventBody.Command.self, body).acknowledgement(in: folder) else {
        throw values.problem("body")
      }
      return .acknowledged(answer)
    case .inspection:
      let inspection = try EventBody.decode(PromptInspection.self, body)
      guard inspection.prompt >= 0, inspection.prompt < description.catalogue.count else {
        throw values.problem("body")
      }
      return .inspected(inspection)
    case .checkpoint:
      let saved = try EventBody.decode(EventBody.Checkpoint.self, body)
      return .checkpoint(step: saved.step, path: inside(saved.name))
    case .log: return .log(try EventBody.decode(LogLine.self, body))
    case .finished:
      var summary = try EventBody.decode(RunSummary.self, body)
      summary.checkpointPath = summary.checkpointPath.map(inside)
      return .finished(summary)
    }
  }

  /// A name in this session's folder, whatever path the record holds.
  private func inside(_ name: String) -> String { folder + "/" + URL(fileURLWithPath: name).lastPathComponent }

  private func visits(_ row: RecordedRow, _ db: Database) throws -> [PromptVisit] {
    let first = row.sequence << Int64(SessionSchema.visitBits)
    return try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT *, (SELECT count(*) FROM response WHERE response.prompt = visit.prompt) AS responses
          FROM visit WHERE id BETWEEN ? AND ? ORDER BY id
          """),
      arguments: [first, first | (1 << Int64(SessionSchema.visitBits) - 1)]
    ).map(visit)
  }

  private func step(_ row: RecordedRow, visits: [PromptVisit]) throws -> StepRecord {
    let values = DatabaseRow(row: row.row, table: "step")
    return StepRecord(
      step: Int(row.step), epoch: try values.number("epoch"), values: try StoredMetrics.values(values), visits: visits)
  }

  private func visit(_ row: Row) throws -> PromptVisit {
    let values = DatabaseRow(row: row, table: "visit")
    let prompt = Int(try values.whole("prompt", in: 0...Int64(max(0, description.catalogue.count - 1))))
    // An index that the prompt has no response for would lead an observer astray.
    let count = try values.whole("responses")
    guard count > 0 else { throw values.problem("prompt") }
    let responses: ClosedRange<Int64> = 0...(count - 1)
    var scored: [ScoredResponse] = []
    for place in ["1", "2"] {
      guard let response = try values.optionalWhole("response_" + place, in: responses) else { continue }
      scored.append(
        ScoredResponse(
          response: Int(response), logProb: try values.number("logp_" + place),
          referenceLogProb: try values.number("ref_logp_" + place),
          tokens: Int(try values.whole("tokens_" + place, in: 0...(1 << 31)))))
    }
    if let more = try values.optionalBlob("more") {
      guard let rest = ScoredResponses.decode(Data(more)), rest.allSatisfy({ responses.contains(Int64($0.response)) })
      else { throw values.problem("more") }
      scored += rest
    }
    return PromptVisit(
      prompt: prompt,
      drawn: try values.optionalWhole("drawn", in: responses).map { Int($0) },
      drawnProbability: try values.optionalNumber("q"), ess: try values.optionalNumber("ess"), scored: scored,
      margin: try values.number("margin"), loss: try values.number("loss"))
  }
}
