import Base
import Checkpoint
import Device
import Foundation
import NaiveDevice
import Synchronization
import Testing

@testable import Model
@testable import DeviceCPU

/// Settings that must not change results.
@Suite struct EquivalenceTests {
  @Test(arguments: [Precision.fp32, .bf16])
  func threadsGiveTheSameBits(precision: Precision) throws {
    let fixture = try ModelFixture("untied-grouped")
    let adapter = try fixture.adapter()
    let runs = try [1, 2, 3].map { threads in
      let model = try fixture.model(precision, threads: threads)
      let scores = try model.score(fixture.promptGroups, adapter: adapter)
      return (scores, try fixture.accumulated(model, adapter).values.array)
    }
    #expect(runs[0].0 == runs[1].0 && runs[0].0 == runs[2].0)
    #expect(runs[0].1 == runs[1].1 && runs[0].1 == runs[2].1)
  }

  /// A prompt shared by its responses scores as each response with a prompt of its own.
  @Test(arguments: ModelFixture.names, TestDevice.allCases)
  func sharedPromptIsSeparatePrompts(name: String, device: TestDevice) throws {
    let fixture = try ModelFixture(name)
    let model = try fixture.model(on: device)
    let shared = try model.score(fixture.promptGroups, adapter: nil)
    let separate = try fixture.promptGroups.map { group in
      try group.responses.map { response in
        try model.score([PromptGroup(prompt: group.prompt, responses: [response])], adapter: nil)[0][0]
      }
    }
    #expect(largestDifference(shared, separate) < 2e-5)
  }

  @Test(arguments: TestDevice.allCases)
  func microBatchesGiveOneGradient(device: TestDevice) throws {
    let fixture = try ModelFixture("untied-grouped")
    let adapter = try fixture.adapter()
    let whole = try fixture.model(on: device)
    let parts = try fixture.model(on: device)
    parts.tokenBudget = 40
    let expected = try fixture.accumulated(whole, adapter).values.array
    #expect(relativeError(try fixture.accumulated(parts, adapter).values.array, expected) < 1e-5)
    #expect(
      largestDifference(
        try parts.score(fixture.promptGroups, adapter: adapter), try whole.score(fixture.promptGroups, adapter: adapter)
      )
        < 2e-5)
  }

  /// B = 0: the policy is the reference, to the last bit, so every margin at step 0 is exactly 0.
  @Test(arguments: [Precision.fp32, .bf16], TestDevice.allCases)
  func freshAdapterChangesNothing(precision: Precision, device: TestDevice) throws {
    for name in ModelFixture.names {
      let fixture = try ModelFixture(name)
      let model = try fixture.model(precision, on: device)
      let adapter = try LoRAAdapter(
        configuration: LoRAConfiguration(rank: 8, alpha: 16, targets: .allLinear),
        model: model.configuration, seed: 3)
      let reference = try model.score(fixture.promptGroups, adapter: nil)
      #expect(try model.score(fixture.promptGroups, adapter: adapter) == reference)
      var seen: [[[Float]]] = []
      try model.accumulate(
        fixture.promptGroups, adapter: adapter, gradients: LoRAGradients(like: adapter)
      ) { _, tokens, sums in
        seen.append(tokens)
        return sums.map { _ in 0.5 }
      }
      #expect(seen == reference)
    }
  }

  /// Every level computes the same numbers up to the order of sums and where bf16 is rounded.
  @Test(arguments: KernelLevel.available, Precision.allCases)
  func levelsAgree(level: KernelLevel, precision: Precision) throws {
    let fixture = try ModelFixture("untied-grouped")
    let adapter = try fixture.adapter()
    let models = try [KernelLevel.portable, level].map {
      try LanguageModel(
        checkpoint: fixture.checkpoint, device: CPUDevice(threads: 2, precision: precision, kernelLevel: $0))
    }
    let scores = try models.map { try $0.score(fixture.promptGroups, adapter: adapter) }
    #expect(largestDifference(scores[0], scores[1]) < (precision == .bf16 ? 0.1 : 1e-4))
    let gradients = try models.map { try fixture.accumulated($0, adapter).values.array }
    #expect(relativeError(gradients[1], gradients[0]) < (precision == .bf16 ? 0.05 : 1e-4))
  }

  /// What a prompt scores has the same bits alone and among others: no sum of a row crosses into another.
  @Test(arguments: ModelFixture.names, Precision.allCases)
  func companyChangesNothing(name: String, precision: Precision) throws {
    let fixture = try ModelFixture(name)
    let adapter = try fixture.adapter()
    for level in KernelLevel.available {
      let model = try LanguageModel(
        checkpoint: fixture.checkpoint, device: CPUDevice(threads: 2, precision: precision, kernelLevel: level))
      let together = try model.score(fixture.promptGroups, adapter: adapter)
      let alone = try fixture.promptGroups.map { try model.score([$0], adapter: adapter)[0] }
      #expect(together == alone, "\(level)")
    }
  }

  /// The last layer leaves out what only unread rows need: the same bits, though the memory of those rows holds what
  /// another batch left there.
  @Test(arguments: ModelFixture.names, Precision.allCases)
  func unreadRowsChangeNothing(name: String, precision: Precision) throws {
    for device in TestDevice.allCases { try unreadRows(name, precision, device) }
  }

  private func unreadRows(_ name: String, _ precision: Precision, _ device: TestDevice) throws {
    let fixture = try ModelFixture(name)
    let adapter = try fixture.adapter()
    let runs = try [true, false].map { everyRow in
      let model = try fixture.model(precision, on: device)
      #expect(!model.computesEveryRow)
      model.computesEveryRow = everyRow
      _ = try model.score(Array(fixture.promptGroups.reversed()), adapter: nil)
      _ = try fixture.accumulated(model, adapter)
      return (
        try model.score(fixture.promptGroups, adapter: adapter), try fixture.accumulated(model, adapter).values.array
      )
    }
    #expect(runs[0].0 == runs[1].0)
    #expect(runs[0].1 == runs[1].1 && runs[0].1.contains { $0 != 0 })
  }

  /// Prompts that begin alike share those rows: the same log-probs to the bit, the same gradients up to the order of sums,
  /// for any number of threads and however activations are kept.
  @Test(arguments: ModelFixture.names, [(Precision.bf16, 4), (.bf16, 5), (.bf16, 17), (.fp32, 4), (.fp32, 17)])
  func sharedBeginnings(name: String, setting: (precision: Precision, count: Int)) throws {
    for device in TestDevice.allCases { try share(name, setting.precision, setting.count, device) }
  }

  private func share(_ name: String, _ precision: Precision, _ count: Int, _ device: TestDevice) throws {
    let fixture = try ModelFixture(name)
    let adapter = try fixture.adapter()
    let beginning = (0..<count).map { Int32(3 + $0 * 7 % 40) }
    let groups = fixture.promptGroups.map {
      PromptGroup(prompt: beginning + $0.prompt, responses: $0.responses)
    }
    let batch = MicroBatch(groups[...], everyRow: false, sharing: true)
    #expect(batch.sharedCount >= count)
    #expect(batch.rows == groups.reduce(0) { $0 + $1.rowCount } - batch.sharedCount * (groups.count - 1))
    #expect(MicroBatch(groups[..<1], everyRow: false, sharing: true).sharedCount == 0)
    let long = PromptGroup(prompt: beginning + [Int32](repeating: 3, count: 512), responses: [[1]])
    #expect(MicroBatch([groups[0], groups[0], long], everyRow: false, sharing: true).sharedCount == 0)

    func gradients(_ model: LanguageModel) throws -> [Float] {
      let sum = LoRAGradients(like: adapter)
      try model.accumulate(groups, adapter: adapter, gradients: sum) { group, _, sums in
        sums.indices.map { Double(($0 + group) % 3) - 1.25 }
      }
      return sum.values.array
    }
    func model(shares: Bool, threads: Int = 2) throws -> LanguageModel {
      let model = try fixture.model(precision, on: device, threads: threads)
      #expect(model.sharesPrefixes)
      model.sharesPrefixes = shares
      return model
    }
    let (shared, apart) = (try model(shares: true), try model(shares: false))
    #expect(try shared.score(groups, adapter: adapter) == apart.score(groups, adapter: adapter))
    let (found, expected) = (try gradients(shared), try gradients(apart))
    #expect(relativeError(found, expected) < 0.01)
    let exact = try gradients(fixture.model(.fp32, on: device))
    #expect(relativeError(found, exact) < 1.1 * relativeError(expected, exact) + 1e-3)

    let again = try model(shares: true, threads: 3)
    again.recomputesActivations = true
    #expect(try gradients(again) == found && found.contains { $0 != 0 })
  }

  /// A long prompt's query heads are tasks of their own, a short one's go by key-value head: the same bits.
  @Test(arguments: [Precision.fp32, .bf16])
  func headsApartGiveTheSameBits(precision: Precision) throws {
    let fixture = try ModelFixture("untied-grouped")
    let adapter = try fixture.adapter()
    let runs = try [nil, false, true].map { headsApart in
      let device = CPUDevice(threads: 2, precision: precision, kernelLevel: .best, headsApart: headsApart)
      let model = try LanguageModel(checkpoint: fixture.checkpoint, device: device)
      return (
        try model.score(fixture.promptGroups, adapter: adapter), try fixture.accumulated(model, adapter).values.array
      )
    }
    #expect(runs[0].0 == runs[1].0 && runs[0].0 == runs[2].0)
    #expect(runs[0].1 == runs[1].1 && runs[0].1 == runs[2].1)
  }

  /// After the largest batch has passed once, a step asks the system for no memory.
  @Test(arguments: KernelLevel.available, Precision.allCases)
  func theSteadyStateTakesNoMemory(level: KernelLevel, precision: Precision) throws {
    let fixture = try ModelFixture("untied-grouped")
    let adapter = try fixture.adapter()
    // One thread: what it makes is all that is made.
    let model = try LanguageModel(
      checkpoint: fixture.checkpoint, device: CPUDevice(threads: 1, precision: precision, kernelLevel: level))
    let gradients = LoRAGradients(like: adapter)
    func step(_ groups: [PromptGroup]) throws {
      _ = try model.score(groups, adapter: nil)
      try model.accumulate(groups, adapter: adapter, gradients: gradients) { _, _, sums in sums.map { _ in 1 } }
    }
    try step(fixture.promptGroups)
    let size = model.arenaByteCount
    let counter = MemoryBlock.Counter()
    try MemoryBlock.$counter.withValue(counter) {
      for count in 1...fixture.promptGroups.count { try step(Array(fixture.promptGroups.suffix(count))) }
    }
    #expect(counter.made.load(ordering: .relaxed) == 0)
    #expect(model.arenaByteCount == size)
  }

  /// Activations that are computed again in the backward pass are those that would have been kept, to the bit; they take
  /// less memory, and the plan says both.
  @Test(arguments: ModelFixture.names, [Precision.fp32, .bf16])
  func recomputedActivationsGiveTheSameBits(name: String, precision: Precision) throws {
    let apart = CPUDevice(threads: 2, precision: precision, kernelLevel: .best, headsApart: true)
    try recompute(name, apart)
    try recompute(name, NaiveDevice(precision: precision))
  }

  private func recompute(_ name: String, _ device: any Device) throws {
    let fixture = try ModelFixture(name)
    let adapter = try fixture.adapter()
    func model() throws -> LanguageModel { try LanguageModel(checkpoint: fixture.checkpoint, device: device) }
    let (kept, again) = (try model(), try model())
    again.recomputesActivations = true
    let expected = try fixture.accumulated(kept, adapter).values.array
    #expect(try fixture.accumulated(again, adapter).values.array == expected)
    #expect(expected.contains { $0 != 0 })

    let lora = adapter.configuration
    let whole = kept.memoryPlan(tokens: 4096, adapter: lora)
    let less = again.memoryPlan(tokens: 4096, adapter: lora)
    #expect(less.totalBytes < whole.totalBytes)
    #expect(less.description.contains("computed again") && !whole.description.contains("computed again"))
    // Memory for everything, for less, and for nothing.
    for (available, recomputes) in [
      (whole.totalBytes, false), (whole.totalBytes - 1, true), (0, true), (nil, false),
    ] as [(Int?, Bool)] {
      let plan = kept.fitMemory(available: available, tokens: 4096, adapter: lora)
      #expect(plan == (recomputes ? less : whole))
      #expect(kept.recomputesActivations == recomputes)
    }
  }

  @Test(arguments: TestDevice.allCases)
  func gradientsAccumulate(device: TestDevice) throws {
    let fixture = try ModelFixture("llama3-rope")
    let adapter = try fixture.adapter()
    let model = try fixture.model(on: device)
    let once = try fixture.accumulated(model, adapter).values.array
    let twice = LoRAGradients(like: adapter)
    for _ in 0..<2 {
      try model.accumulate(fixture.promptGroups, adapter: adapter, gradients: twice) { group, _, _ in
        fixture.groups[group].coefficients ?? []
      }
    }
    #expect(relativeError(twice.values.array, once.map { 2 * $0 }) < 1e-6)
  }

  @Test(arguments: TestDevice.allCases)
  func refusesWhatItCannotCompute(device: TestDevice) throws {
    let fixture = try ModelFixture("untied-grouped")
    let model = try fixture.model(on: device)
    #expect(throws: ModelError.emptyPrompt(group: 1)) {
      try model.score(
        [PromptGroup(prompt: [1], responses: []), PromptGroup(prompt: [], responses: [[1]])], adapter: nil)
    }
    for token: Int32 in [-1, 64, .max, .min] {
      #expect(throws: ModelError.tokenOutsideVocabulary(token: token, vocabularySize: 64)) {
        try model.score([PromptGroup(prompt: [1], responses: [[token]])], adapter: nil)
      }
    }
    #expect(throws: ModelError.sequenceTooLong(tokens: 129, limit: 128, what: "context")) {
      try model.score(
        [PromptGroup(prompt: [1], responses: [[Int32](repeating: 4, count: 128)])], adapter: nil)
    }
    #expect(throws: ModelError.coefficientCount(found: 1, expected: 2)) {
      let adapter = try fixture.adapter()
      try model.accumulate(fixture.promptGroups, adapter: adapter, gradients: LoRAGradients(like: adapter)) { _, _, _ in
        [1]
      }
    }
    #expect(try model.score([PromptGroup(prompt: [1], responses: [[]])], adapter: nil) == [[[]]])
    #expect(try model.score([], adapter: nil).isEmpty)
  }
}
