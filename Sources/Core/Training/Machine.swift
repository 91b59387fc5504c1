import Foundation

/// The machine, as far as the system tells.
public enum Machine {
  /// Threads that can run at once.
  public static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

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
