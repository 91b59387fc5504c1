import Foundation
import TestSupport
import Testing

@testable import Training

/// Threads by default: one for each physical core that the process may use, no more than its cgroups' quota pays for.
@Suite struct ProcessorsTests {
  private func root(_ files: [String: String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (path, text) in files {
      let url = URL(fileURLWithPath: folder.path + "/" + path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: url, atomically: true, encoding: .utf8)
    }
    return folder
  }

  private func topology(_ siblings: [String]) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: siblings.enumerated().map {
        ("sys/devices/system/cpu/cpu\($0)/topology/core_cpus_list", $1 + "\n")
      })
  }

  @Test func twoThreadsOfOneCoreCountOnce() throws {
    let folder = try root(topology(["0,4", "1,5", "2,6", "3,7", "0,4", "1,5", "2,6", "3,7"]))
    let all = Processors(allowed: Array(0..<8), root: folder.path + "/")
    #expect(all == Processors(logical: 8, cores: 4, quota: nil))
    #expect(all.threads == 4 && all.summary == "4 cores with 8 threads")
    // An affinity mask of both threads of one core and one of another.
    #expect(Processors(allowed: [0, 4, 2], root: folder.path + "/").threads == 2)
    // Without a topology every processor is a core.
    #expect(Processors(allowed: [0, 9, 11], root: folder.path + "/nowhere/").threads == 3)
  }

  @Test func aQuotaCountsWhereverItStands() throws {
    var files = topology(["0", "1", "2", "3"])
    files["proc/self/cgroup"] = "0::/a.slice/b.scope\n"
    files["sys/fs/cgroup/a.slice/b.scope/cpu.max"] = "max 100000\n"
    files["sys/fs/cgroup/a.slice/cpu.max"] = "250000 100000\n"
    // The folder is removed with its last owner.
    let kept = try root(files)
    let read = Processors(allowed: Array(0..<4), root: kept.path + "/")
    #expect(read.quota == 2.5 && read.threads == 3 && read.summary == "4 cores, a quota of 2.5")

    // A container sees its own group as the root, under the host's name.
    files["proc/self/cgroup"] = "0::/docker/0123\n"
    files["sys/fs/cgroup/cpu.max"] = "50000 100000\n"
    let container = try root(files)
    #expect(Processors(allowed: Array(0..<4), root: container.path + "/").threads == 1)

    let first = try root(
      topology(["0", "1"]).merging([
        "proc/self/cgroup": "3:cpuset:/\n2:cpu,cpuacct:/job\n",
        "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "100000\n", "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
      ]) { $1 })
    #expect(Processors(allowed: [0, 1], root: first.path + "/") == Processors(logical: 2, cores: 2, quota: 1))
  }

  @Test func thisProcessHasAtLeastOne() {
    let found = Processors.ofThisProcess()
    #expect(found.cores >= 1 && found.logical >= found.cores && (1...found.cores).contains(found.threads))
  }
}
