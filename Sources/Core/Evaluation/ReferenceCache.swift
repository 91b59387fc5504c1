/// The reference's log-probs, kept as numbers: each response is scored once with the adapter off, when a step first
/// needs it, so that training starts at once and a response that is never drawn is never scored.
public struct ReferenceCache: Sendable {
  private struct Key: Hashable {
    var prompt: Int
    var response: Int
  }
  private var values: [Key: Double] = [:]

  public init() {}

  /// Σ_t log π_ref(y_t | x, y_<t), nats; nil where it was not scored yet.
  public subscript(prompt: Int, response: Int) -> Double? {
    get { values[Key(prompt: prompt, response: response)] }
    set { values[Key(prompt: prompt, response: response)] = newValue }
  }

  public var count: Int { values.count }
}
