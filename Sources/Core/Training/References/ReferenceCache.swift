import Base

/// The reference's log-probs, kept as numbers: each response is scored once with the adapter off, when a step first
/// needs it, so that training starts at once and a response that is never drawn is never scored.
struct ReferenceCache {
  private struct Key: Hashable {
    var prompt: Int
    var response: Int
  }
  private var values: [Key: Double] = [:]

  /// Σ_t log π_ref(y_t | x, y_<t), nats; nil where it was not scored yet.
  subscript(prompt: Int, response: Int) -> Double? {
    get { values[Key(prompt: prompt, response: response)] }
    set { values[Key(prompt: prompt, response: response)] = newValue }
  }

  var count: Int { values.count }

  /// Takes a value that is not there yet.
  mutating func offer(_ reference: ResumePoint.Reference) {
    let key = Key(prompt: reference.prompt, response: reference.response)
    if values[key] == nil { values[key] = reference.logProb }
  }
}
