import Foundation

/// The machine, as far as the system tells.
public enum Machine {
  /// The processors that this process may use.
  public static let processors = Processors.ofThisProcess()

  /// Threads that training takes by default: physical cores, as far as affinity and cgroups allow.
  public static var cores: Int { processors.threads }

  /// The processor's model as the system names it.
  public static var processorName: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }

  /// Bytes this process can still take, by what the machine has left and by the limits it is under; nil where the system
  /// tells neither.
  public static var availableMemory: Int? { MemoryLimits().available }
}
