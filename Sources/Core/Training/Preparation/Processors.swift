import Foundation
import DeviceCPU

/// The processors that this process may use: how many threads the system runs at once for it, and on how many physical
/// cores.
///
/// Two threads of one core share its multipliers, so a second one gains nothing for products and costs cache; a cgroup's
/// quota stops threads that have used their share until the next period, which all others then wait for.
public struct Processors: Equatable, Sendable {
  /// Logical processors in the process's affinity mask.
  public var logical: Int
  /// Physical cores among them.
  public var cores: Int
  /// Processors' worth of time that cgroups allow; nil without a limit.
  public var quota: Double?

  /// Threads that training takes by default.
  public var threads: Int { max(1, min(cores, quota.map { Int($0.rounded(.up)) } ?? cores)) }

  /// A few words for `doctor`.
  public var summary: String {
    var parts = ["\(cores) core\(cores == 1 ? "" : "s")"]
    if logical != cores { parts[0] += " with \(logical) threads" }
    if let quota, quota < Double(cores) { parts.append(String(format: "a quota of %.4g", quota)) }
    return parts.joined(separator: ", ")
  }
}

extension Processors {
  /// What the system tells, read from files below `root` so that a test can give others.
  ///
  /// - Parameter allowed: the numbers of the processors in the affinity mask.
  init(allowed: [Int], root: String = "/") {
    func text(_ path: String) -> String? {
      (try? String(contentsOfFile: root + path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    logical = max(1, allowed.count)
    // Processors of one core name the same siblings.
    let siblings = allowed.map { number -> String in
      let folder = "sys/devices/system/cpu/cpu\(number)/topology/"
      return text(folder + "core_cpus_list") ?? text(folder + "thread_siblings_list") ?? "alone \(number)"
    }
    cores = max(1, Set(siblings).count)
    quota = Self.quota(text)
  }

  /// The smallest limit of the process's cgroup and of those above it, version 2 or 1.
  private static func quota(_ text: (String) -> String?) -> Double? {
    var limits: [Double] = []
    for line in (text("proc/self/cgroup") ?? "").split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isSecond = fields[1].isEmpty
      guard isSecond || fields[1].split(separator: ",").contains("cpu") else { continue }
      let mount = isSecond ? "sys/fs/cgroup" : "sys/fs/cgroup/cpu"
      var folders = fields[2].split(separator: "/").map(String.init)
      // In a container the group's path is often the host's; its own root is what counts then.
      while true {
        let folder = ([mount] + folders).joined(separator: "/")
        if isSecond, let limit = text(folder + "/cpu.max") {
          let parts = limit.split(separator: " ").map { Double($0) }
          if parts.count == 2, let time = parts[0], let period = parts[1], period > 0 { limits.append(time / period) }
        } else if !isSecond, let time = text(folder + "/cpu.cfs_quota_us").flatMap(Double.init), time > 0,
          let period = text(folder + "/cpu.cfs_period_us").flatMap(Double.init), period > 0
        {
          limits.append(time / period)
        }
        guard folders.popLast() != nil else { break }
      }
    }
    return limits.filter { $0 > 0 }.min()
  }

  /// This process's.
  static func ofThisProcess() -> Processors {
    let allowed = AllowedProcessors.numbers
    if !allowed.isEmpty { return Processors(allowed: allowed) }
    return Processors(allowed: Array(0..<max(1, ProcessInfo.processInfo.activeProcessorCount)))
  }
}
