import Device
import Testing

@testable import DeviceCPU

/// How an attention is spread over threads. That every way gives the same bits is EquivalenceTests' matter.
@Suite struct AttentionTaskTests {
  /// A prompt of `prompt` rows with one response of `response`, from row `start` on.
  static func group(_ prompt: Int, _ response: Int, from start: Int = 0) -> AttentionGroup {
    let (middle, end) = (start + prompt, start + prompt + response)
    return AttentionGroup(
      rows: start..<end,
      segments: [
        AttentionSegment(rows: start..<middle, prefix: start..<start),
        AttentionSegment(rows: middle..<end, prefix: start..<middle),
      ])
  }

  static func groups(_ sizes: [(Int, Int)]) -> [AttentionGroup] {
    var start = 0
    return sizes.map { prompt, response in
      defer { start += prompt + response }
      return group(prompt, response, from: start)
    }
  }

  /// Nine query heads on three of keys, as SmolLM2 has them.
  static func tasks(_ sizes: [(Int, Int)], threads: Int, apart: Bool? = nil) throws -> [AttentionTask] {
    AttentionTask.split(groups(sizes), heads: 9, share: 3, threads: threads, headsApart: apart)
  }

  @Test func oneLongPromptFeedsEveryThread() throws {
    #expect(try Self.tasks([(500, 100)], threads: 1).map(\.heads) == [0..<3, 3..<6, 6..<9])
    #expect(try Self.tasks([(500, 100)], threads: 2).count == 9)
    #expect(try Self.tasks([(20, 5)], threads: 8).count == 9)
    // Three tasks for three threads: nothing to gain.
    #expect(try Self.tasks([(500, 100)], threads: 3).count == 3)
  }

  @Test func evenPromptsKeepTheirHeadsTogether() throws {
    #expect(try Self.tasks([(500, 100), (500, 100)], threads: 2).count == 6)
    #expect(try Self.tasks([(100, 50)] + Array(repeating: (90, 40), count: 11), threads: 4).count == 36)
  }

  /// One long prompt among short ones: its heads alone.
  @Test func onlyTheLongestAreTakenApart() throws {
    let tasks = try Self.tasks([(60, 20), (900, 100), (60, 20)], threads: 2)
    #expect(tasks.filter { $0.group == 1 }.count == 9)
    #expect(tasks.filter { $0.group != 1 }.map(\.heads.count) == [3, 3, 3, 3, 3, 3])
  }

  /// Every query head of every group once, and no task longer than the one before.
  @Test(arguments: [1, 2, 3, 5, 64], [nil, false, true])
  func everyHeadHasItsTask(threads: Int, apart: Bool?) throws {
    let sizes = [(300, 80), (12, 3), (700, 40), (300, 80), (90, 500)]
    let tasks = try Self.tasks(sizes, threads: threads, apart: apart)
    for group in sizes.indices {
      let heads = tasks.filter { $0.group == group }.flatMap { Array($0.heads) }
      #expect(heads.sorted() == Array(0..<9))
    }
    #expect(tasks.allSatisfy { $0.heads.lowerBound / 3 == ($0.heads.upperBound - 1) / 3 })
    let works = tasks.map { task in
      let (prompt, response) = sizes[task.group]
      return task.heads.count * (prompt * ((prompt + 1) / 2) + response * (prompt + (response + 1) / 2))
    }
    #expect(works == works.sorted(by: >))
    if let apart { #expect(tasks.count == sizes.count * (apart ? 9 : 3)) }
  }

  /// What the queries see, counted one by one: up to a rounding of half a key for each.
  @Test(arguments: [1, 7, 64, 200, 5000])
  func aWindowsWorkIsWhatIsSeen(window: Int) {
    let sizes = [(300, 80), (12, 3), (700, 40), (90, 500), (1200, 1)]
    let works = sizes.map { prompt, response in
      (0..<prompt + response).reduce(0) { $0 + min($1 + 1, window) }
    }
    let order = sizes.indices.sorted { (works[$1], $0) < (works[$0], $1) }
    let tasks = AttentionTask.split(
      Self.groups(sizes), heads: 1, share: 1, window: window, threads: 2, headsApart: nil)
    #expect(tasks.map(\.group) == order)
  }
}
