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

  /// Bytes a new program could use without swapping (`MemAvailable` of /proc/meminfo); nil where that is not told.
  public static var availableMemory: Int? {
    guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
      return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
    return nil
  }
}
