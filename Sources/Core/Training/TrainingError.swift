/// Why a run could not begin or go on; the description is one sentence.
public enum TrainingError: Error, CustomStringConvertible, Equatable {
  case notFinite(step: Int, loss: Double, gradientNorm: Double, checkpoint: String?)
  case nothingToTrainOn(String)
  /// `preference.preferred` leaves no prompt a response to prefer the others over.
  case nothingDispreferred(String, preferred: Int, cure: String)
  case doesNotFit(needed: Int, available: Int)
  case sessionExists(String)
  /// A checkpoint lies where a new run is to be kept.
  case foreignCheckpoint(String, name: String)
  /// Something that the run did not write has the name of its next checkpoint.
  case occupied(String)
  /// The session folder is not the run's any more.
  case folderLost(String)
  case cannotWrite(String, why: String)
  case vocabulary(model: String, id: Int32, size: Int)
  /// The chat template cannot do what `data.chat` and `data.system` ask for.
  case chatTemplate(model: String, why: String)
  case sequenceTooLong(longest: Int, positions: Int)
  case badCheckpoint(String, why: String)
  /// The session cannot go on with the same numbers; what has changed, one phrase each.
  case resumeChanged(String, [String])
  /// A stop while the disk was full: the sentence that the run had paused with.
  case diskRefuses(String)
  case setting(String)

  public var description: String {
    switch self {
    case .notFinite(let step, let loss, let norm, let checkpoint):
      let kept = checkpoint.map { "the last good checkpoint is \($0)" } ?? "no checkpoint was written yet"
      return
        "training stopped at step \(step): loss \(Self.number(loss)), gradient norm \(Self.number(norm)); the update "
        + "was not applied, and "
        + kept
        + (step == 1
          ? "; nothing had been learned yet, so it is not the learning rate: the model's numbers are too large for these "
            + "texts, or the checkpoint is not what it should be"
          : "; a lower learning rate or a smaller max_grad_norm usually helps")
    case .nothingToTrainOn(let path): return "\(path): no prompt is left to train on; see the report above"
    case .nothingDispreferred(let path, let preferred, let cure):
      return "\(path): no prompt is left to train on: with preference.preferred \(preferred) none has a dispreferred "
        + "response\(cure)"
    case .doesNotFit(let needed, let available):
      return "the run needs \(Self.megabytes(needed)) and \(Self.megabytes(available)) of memory are available; "
        + "a smaller data.max_length or training.prompts_per_step needs less"
    case .sessionExists(let path):
      return "\(path) already holds a run; name another folder with --session, or remove it"
    case .foreignCheckpoint(let path, let name):
      return
        "\(path) holds \(name), which is no checkpoint of this run; name another folder with --session, or move it away"
    case .occupied(let path): return "\(path): cannot be written: something that this run did not write is there"
    case .folderLost(let path):
      return
        "\(path): the session folder was removed, or replaced by another, while the run was writing it; the run has ended "
        + "and touches nothing there any more"
    case .cannotWrite(let path, let why): return "\(path): cannot be written: \(why)"
    case .vocabulary(let model, let id, let size):
      return "\(model): the tokenizer gives id \(id), but the model's vocabulary has \(size) entries"
    case .chatTemplate(let model, let why): return "\(model): \(why)"
    case .sequenceTooLong(let longest, let positions):
      return "the longest example has \(longest) tokens, more than the model's context of \(positions); "
        + "set data.max_length to \(positions) or less"
    case .badCheckpoint(let path, let why): return "\(path): the checkpoint cannot be used: \(why)"
    case .resumeChanged(let path, let changes):
      return "\(path): \(changes.joined(separator: ", and ")); its numbers would not be those of the run so far; "
        + "--force goes on all the same"
    case .diskRefuses(let sentence), .setting(let sentence): return sentence
    }
  }

  /// Swift prints the sign of a NaN, which says nothing.
  private static func number(_ value: Double) -> String { value.isNaN ? "NaN" : "\(value)" }

  private static func megabytes(_ bytes: Int) -> String { "\((bytes + 999_999) / 1_000_000) MB" }
}
