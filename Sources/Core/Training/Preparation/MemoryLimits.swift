import Foundation

/// How much memory this process may still take: what the machine has left, and what it is allowed (`ulimit -v`, `ulimit -d`,
/// and the limits of the control groups that it is in, such as a container's).
struct MemoryLimits {
  /// Before the paths of /proc and /sys; a folder of its own in tests.
  var root = ""
  /// Threads that are still to come. Their stacks take address space, though hardly any memory.
  var threads = 2 * Machine.cores + 8

  private static let stack = 8 << 20
  /// What is allocated in small pieces beside the plan.
  private static let reserve = 64 << 20

  /// The least of all limits; nil where the system tells none.
  var available: Int? {
    ([machine, addressSpace, data].compactMap { $0 } + controlGroups).min().map { max(0, $0) }
  }

  private func text(_ path: String) -> String? { try? String(contentsOfFile: root + path, encoding: .utf8) }

  private func number(_ path: String) -> Int? {
    text(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  /// Bytes in a line such as "VmSize:  12 kB".
  private func kilobytes(_ key: String, in path: String) -> Int? {
    guard let line = text(path)?.split(separator: "\n").first(where: { $0.hasPrefix(key + ":") }) else { return nil }
    return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }

  /// Bytes a new program could use without swapping.
  var machine: Int? { kilobytes("MemAvailable", in: "/proc/meminfo") }

  /// `ulimit -v`, less what is mapped, and less the stacks and small pieces to come. Weights stay out of what is mapped:
  /// a memory plan counts them.
  var addressSpace: Int? { left("Max address space", used: "VmSize").map { $0 + mappedWeights } }

  /// `ulimit -d`, likewise.
  var data: Int? { left("Max data size", used: "VmData") }

  /// Bytes of the maps of safetensors files.
  private var mappedWeights: Int {
    guard let maps = text("/proc/self/maps") else { return 0 }
    return maps.split(separator: "\n").reduce(0) { sum, line in
      guard line.hasSuffix(".safetensors") else { return sum }
      let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { Int($0, radix: 16) }
      return ends.count == 2 ? sum + ends[1] - ends[0] : sum
    }
  }

  private func left(_ limit: String, used: String) -> Int? {
    guard let line = text("/proc/self/limits")?.split(separator: "\n").first(where: { $0.hasPrefix(limit) }),
      let soft = line.dropFirst(limit.count).split(whereSeparator: \.isWhitespace).first.flatMap({ Int($0) }),
      let used = kilobytes(used, in: "/proc/self/status")
    else { return nil }
    return soft - used - threads * Self.stack - Self.reserve
  }

  /// For each control group from the process's own up to the root: its limit, less what its processes hold. Pages of files
  /// that nobody has used lately count as free.
  var controlGroups: [Int] {
    guard let groups = text("/proc/self/cgroup") else { return [] }
    var found: [Int] = []
    for line in groups.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isSecond = fields[0] == "0" && fields[1].isEmpty
      guard isSecond || fields[1].split(separator: ",").contains("memory") else { continue }
      let base = isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
      let (limit, usage, idle) =
        isSecond
        ? ("memory.max", "memory.current", "inactive_file ")
        : ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ")
      var path = String(fields[2])
      while true {
        let folder = base + (path == "/" ? "" : path) + "/"
        // "max" is no number: no limit.
        if let allowed = number(folder + limit), let used = number(folder + usage) {
          let statistics = text(folder + "memory.stat")?.split(separator: "\n") ?? []
          let unused = statistics.first { $0.hasPrefix(idle) }.flatMap { Int($0.dropFirst(idle.count)) } ?? 0
          found.append(allowed - max(0, used - unused))
        }
        guard path.count > 1, let slash = path.lastIndex(of: "/") else { break }
        path = slash == path.startIndex ? "/" : String(path[..<slash])
      }
    }
    return found
  }
}
