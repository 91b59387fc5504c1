import JSON
import PreferenceData

/// A stage over rows: reads JSON rows and answers each with one line, in the rows' order. `score` and `generate` are
/// stages, and so is everything else that turns rows into rows.
public protocol RowStage {
  /// A row made ready for the work.
  associatedtype Unit

  /// Units that are worked on together, at least 1, so that matrix products have enough rows.
  var batch: Int { get }

  /// Makes a row ready.
  /// - Parameter place: rows before this one, for random streams that depend on the row's place alone.
  /// - Throws: `LineInput.Problem` for a row that cannot be used; it gets the row's file and line.
  func prepare(_ row: JSONValue, place: Int) throws -> Unit

  /// Works on up to `batch` units. `emit` takes one line for each, in order, each as soon as it is there.
  func process(_ units: [Unit], emit: (String) throws -> Void) throws
}

/// A stage at work on the rows of a file.
public struct RowJob<Stage: RowStage> {
  public let stage: Stage
  public let input: LineInput
  /// What progress says is being done: "scoring".
  public let verb: String
  /// Rows at the start that an earlier process has answered already (`LineJournal.lines`).
  public let skipped: Int

  public init(_ stage: Stage, input: LineInput, verb: String, skipping skipped: Int = 0) {
    self.stage = stage
    self.input = input
    self.verb = verb
    self.skipped = skipped
  }

  /// Answers every row. What came before a row that cannot be used is answered before the error is thrown.
  ///
  /// - Parameters:
  ///   - cancellation: looked at before every row.
  ///   - progress: told after every batch.
  ///   - emit: takes the lines; what it throws ends the job, and nothing is emitted twice.
  /// - Returns: rows answered by this call.
  /// - Throws: `InputError`, `DataError`, `JobCancelled`, and what the stage and `emit` throw.
  @discardableResult
  public func run(
    cancellation: JobCancellation = JobCancellation(), progress: (JobProgress) -> Void = { _ in },
    emit: (String) throws -> Void
  ) throws -> Int {
    let clock = ContinuousClock()
    let begin = clock.now
    var waiting: [Stage.Unit] = []
    var place = 0
    var done = 0
    var begunAt = 0.0
    var hasFailed = false
    func flush(_ share: Double?) throws {
      guard !waiting.isEmpty else { return }
      do { try stage.process(waiting, emit: emit) } catch {
        hasFailed = true
        throw error
      }
      done += waiting.count
      waiting.removeAll(keepingCapacity: true)
      progress(
        JobProgress(
          what: "\(verb) \(input.name)", done: done, fraction: share, begunAt: begunAt,
          elapsed: (clock.now - begin) / .seconds(1)))
    }
    do {
      try input.forEach { row, share in
        try cancellation.check()
        defer { place += 1 }
        guard place >= skipped else {
          begunAt = share ?? 0
          return
        }
        waiting.append(try stage.prepare(row, place: place))
        if waiting.count >= stage.batch { try flush(share) }
      }
    } catch {
      // The rows before a bad one are not lost; those that the stage or the output has refused are not tried again.
      if !hasFailed { try flush(nil) }
      throw error
    }
    try flush(1)
    return done
  }
}
