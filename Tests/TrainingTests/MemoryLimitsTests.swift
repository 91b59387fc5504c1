import Foundation
import TestSupport
import Testing

@testable import Training

/// Against made-up /proc and /sys folders.
@Suite struct MemoryLimitsTests {
  private static let reserve = 64 << 20
  private static let stack = 8 << 20

  private func limits(_ files: [String: String], threads: Int = 0) throws -> (MemoryLimits, TemporaryFolder) {
    let folder = try TemporaryFolder()
    for (name, text) in files {
      let path = folder.path + name
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    return (MemoryLimits(root: folder.path, threads: threads), folder)
  }

  private func processLimits(space: String = "unlimited", data: String = "unlimited") -> String {
    """
    Limit                     Soft Limit           Hard Limit           Units
    Max data size             \(data)            unlimited            bytes
    Max stack size            8388608              unlimited            bytes
    Max address space         \(space)            unlimited            bytes

    """
  }

  private let status = "Name:\tworkbench\nVmSize:\t  400000 kB\nVmData:\t  100000 kB\n"

  @Test func withoutLimitsTheMachineCounts() throws {
    let (limits, folder) = try limits([
      "/proc/meminfo": "MemTotal: 2000 kB\nMemAvailable:    1000 kB\n", "/proc/self/limits": processLimits(),
      "/proc/self/status": status, "/proc/self/cgroup": "0::/\n",
    ])
    defer { withExtendedLifetime(folder) {} }
    #expect(limits.available == 1_024_000)
  }

  @Test func nothingIsToldNothingIsKnown() throws {
    let (limits, folder) = try limits([:])
    defer { withExtendedLifetime(folder) {} }
    #expect(limits.available == nil)
  }

  /// ulimit -v, less what is mapped and what threads and small pieces will take.
  @Test func addressSpace() throws {
    let space = 2_000_000_000
    let (limits, folder) = try limits(
      [
        "/proc/meminfo": "MemAvailable: 9000000 kB\n", "/proc/self/limits": processLimits(space: "\(space)"),
        "/proc/self/status": status,
      ], threads: 10)
    defer { withExtendedLifetime(folder) {} }
    #expect(limits.available == space - 400_000 * 1024 - 10 * Self.stack - Self.reserve)
  }

  /// A plan counts the weights, so that their maps are not taken off as well.
  @Test func mappedWeights() throws {
    let space = 2_000_000_000
    let (limits, folder) = try limits([
      "/proc/self/limits": processLimits(space: "\(space)"), "/proc/self/status": status,
      "/proc/self/maps": "00400000-00500000 r-xp 00000000 08:01 7 /usr/bin/x\n"
        + "7f0000000000-7f0000100000 r--p 00000000 08:01 8 /models/my model/model.safetensors\n",
    ])
    defer { withExtendedLifetime(folder) {} }
    #expect(limits.available == space - 400_000 * 1024 + 0x100000 - Self.reserve)
  }

  @Test func dataSizeAndNothingLeft() throws {
    let (limits, folder) = try limits([
      "/proc/meminfo": "MemAvailable: 9000000 kB\n", "/proc/self/limits": processLimits(data: "120000000"),
      "/proc/self/status": status,
    ])
    defer { withExtendedLifetime(folder) {} }
    #expect(limits.data == 120_000_000 - 100_000 * 1024 - Self.reserve)
    #expect(limits.available == 0)
  }

  /// A container's limit stands in a group above the process's own; files' idle pages can be given back.
  @Test func controlGroups() throws {
    let (limits, folder) = try limits([
      "/proc/meminfo": "MemAvailable: 9000000 kB\n", "/proc/self/cgroup": "0::/box/inner\n",
      "/sys/fs/cgroup/box/inner/memory.max": "max\n", "/sys/fs/cgroup/box/inner/memory.current": "5\n",
      "/sys/fs/cgroup/box/memory.max": "1000000000\n", "/sys/fs/cgroup/box/memory.current": "700000000\n",
      "/sys/fs/cgroup/box/memory.stat": "anon 1\ninactive_file 200000000\n",
    ])
    defer { withExtendedLifetime(folder) {} }
    #expect(limits.available == 500_000_000)
  }

  @Test func controlGroupsOfTheFirstVersion() throws {
    let (limits, folder) = try limits([
      "/proc/meminfo": "MemAvailable: 9000000 kB\n", "/proc/self/cgroup": "5:cpu:/\n4:memory:/box\n",
      "/sys/fs/cgroup/memory/box/memory.limit_in_bytes": "300000000\n",
      "/sys/fs/cgroup/memory/box/memory.usage_in_bytes": "100000000\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/memory/memory.usage_in_bytes": "100000000\n",
    ])
    defer { withExtendedLifetime(folder) {} }
    #expect(limits.available == 200_000_000)
  }
}
