/// What a pass needs in memory, known before it runs.
public struct MemoryPlan: Sendable, Equatable, CustomStringConvertible {
  public struct Part: Sendable, Equatable {
    public let name: String
    public let bytes: Int
  }

  /// By purpose: mapped weights, weights converted into memory, activations, gradients, scratch, adapter and optimizer.
  public let parts: [Part]

  public init(parts: [Part]) { self.parts = parts }

  public var totalBytes: Int { parts.reduce(0) { $0 + $1.bytes } }

  /// One line per part, and the total.
  public var description: String {
    (parts + [Part(name: "total", bytes: totalBytes)]).map { part in
      let megabytes = String(Double(part.bytes / 100_000) / 10)
      return String(repeating: " ", count: max(0, 10 - megabytes.count)) + megabytes + " MB  " + part.name
    }.joined(separator: "\n")
  }
}
