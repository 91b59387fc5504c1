/// What a pass needs in memory, known before it runs.
public struct MemoryPlan: Sendable, Equatable, CustomStringConvertible {
  public struct Part: Sendable, Equatable {
    public let name: String
    public let bytes: Int
  }

  /// By purpose: mapped weights, weights converted into memory, activations, gradients, scratch, adapter and optimizer.
  public let parts: [Part]

  /// Whether activations are computed again in the backward pass, because keeping them all would not fit.
  public let recomputes: Bool

  public init(parts: [Part], recomputes: Bool = false) {
    self.parts = parts
    self.recomputes = recomputes
  }

  public var totalBytes: Int { parts.reduce(0) { $0 + $1.bytes } }

  /// One line per part, the total, and how the memory was made to fit.
  public var description: String {
    let lines = (parts + [Part(name: "total", bytes: totalBytes)]).map { part in
      let megabytes = String(Double(part.bytes / 100_000) / 10)
      return String(repeating: " ", count: max(0, 10 - megabytes.count)) + megabytes + " MB  " + part.name
    }
    let notes =
      recomputes
      ? ["Each layer's activations are computed again in the backward pass: a step takes about a third longer."] : []
    return (lines + notes).joined(separator: "\n")
  }
}
