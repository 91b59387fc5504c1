import Base
import Checkpoint
import Control
import DemoWorld
import Foundation
import Model
import DeviceCPU
import TestSupport
import Testing

@testable import Training
@testable import TrainingFixture

/// A response has one log-prob: whatever is scored beside it, on however many threads, before and after an adapter was
/// saved, in a pass of its own or on the way of a step. To the bit, at every kernel level that this machine runs.
@Suite struct EveryMachineTests {
  struct Setting: CustomTestStringConvertible, Sendable {
    var level: KernelLevel
    var precision: Precision

    var testDescription: String { "\(level.rawValue), \(precision)" }
  }

  static let settings = KernelLevel.available.flatMap { level in
    Precision.allCases.map { Setting(level: level, precision: $0) }
  }

  private static let checkpoint = Result { try CheckpointFolder(path: DemoWorld.resources().modelPath) }

  private func model(_ setting: Setting, threads: Int) throws -> LanguageModel {
    try LanguageModel(
      checkpoint: Self.checkpoint.get(),
      device: CPUDevice(threads: threads, precision: setting.precision, kernelLevel: setting.level))
  }

  /// 60 pairs; a third of the prompts begin alike, so that they share rows in some companies.
  private static func pairs(vocabulary: Int) -> [PromptGroup] {
    var stream = RandomStream(seed: 3, purpose: .test)
    func tokens(_ range: ClosedRange<Int>) -> [Int32] {
      (0..<Int.random(in: range, using: &stream)).map { _ in Int32.random(in: 3..<Int32(vocabulary), using: &stream) }
    }
    let beginning = tokens(21...21)
    return (0..<60).map { index in
      PromptGroup(
        prompt: (index % 3 == 0 ? beginning : []) + tokens(3...40), responses: [tokens(1...50), tokens(1...50)])
    }
  }

  @Test(arguments: settings)
  func oneLogProbInAnyCompanyOnAnyNumberOfThreads(_ setting: Setting) throws {
    let configuration = try Self.checkpoint.get().configuration
    let pairs = Self.pairs(vocabulary: configuration.vocabularySize)
    let adapter = try LoRAAdapter(
      configuration: LoRAConfiguration(rank: 8, alpha: 16, targetModules: LinearKind.allCases), model: configuration,
      seed: 5)
    // Away from B = 0, where the adapter would do nothing.
    var stream = RandomStream(seed: 9, purpose: .test)
    for index in 0..<adapter.parameters.count { adapter.parameters[index] += Float(stream.nextUniform() - 0.5) / 50 }
    let folder = try TemporaryFolder()
    try adapter.write(to: URL(fileURLWithPath: folder.path + "/adapter"), baseModelName: "m")
    let read = try LoRAAdapter(
      folder: AdapterFolder.read(path: folder.path + "/adapter", model: configuration), model: configuration)

    for adapter in [nil, adapter] {
      let expected = try model(setting, threads: 2).score(pairs, adapter: adapter)
      var different: [String] = []
      func compare(_ name: String, _ found: [[[Float]]]) {
        let count = zip(found, expected).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
        if count > 0 || found.count != expected.count { different.append("\(name): \(count) pairs") }
      }
      for threads in adapter == nil ? [4] : [1, 3, 4] {
        compare("\(threads) threads", try model(setting, threads: threads).score(pairs, adapter: adapter))
      }
      let alone = try model(setting, threads: 1)
      compare("one by one", try pairs.map { try alone.score([$0], adapter: adapter)[0] })
      if let adapter {
        compare(
          "response by response",
          try pairs.map { pair in
            try pair.responses.map {
              try alone.score([PromptGroup(prompt: pair.prompt, responses: [$0])], adapter: adapter)[0][0]
            }
          })
        let few = try model(setting, threads: 2)
        few.tokenBudget = 150
        compare("in small micro-batches", try few.score(pairs, adapter: adapter))
        compare("backwards", try few.score(pairs.reversed(), adapter: adapter).reversed())
        compare("from a saved adapter", try model(setting, threads: 2).score(pairs, adapter: read))
        var seen: [[[Float]]] = []
        let training = try model(setting, threads: 3)
        try training.accumulate(pairs, adapter: adapter, gradients: LoRAGradients(like: adapter)) { _, tokens, sums in
          seen.append(tokens)
          return sums.map { _ in 1 }
        }
        compare("in a training pass", seen)
      }
      #expect(different.isEmpty, "\(different)")
    }
  }

  /// A run's numbers are the same on any number of threads, with a reference scored once or at every visit, and with one
  /// that another run of the same model has scored on other prompts, in other batches, on other threads.
  @Test(arguments: settings)
  func oneRunHoweverItsReferenceComes(_ setting: Setting) throws {
    func run(_ change: (inout LoopFixture) -> Void = { _ in }, offers: [ResumePoint.Reference] = []) throws
      -> [StepRecord]
    {
      var fixture = try LoopFixture(hps: .sample)
      fixture.precision = setting.precision
      fixture.level = setting.level
      fixture.threads = 2
      change(&fixture)
      let events = EventLog()
      let loop = try fixture.loop(events)
      loop.offeredReferences = offers
      _ = try loop.run()
      return events.steps
    }
    let expected = try run()
    for threads in [1, 3, 4] { #expect(try run { $0.threads = threads } == expected, "\(threads) threads") }
    #expect(try run { $0.liveReference = true } == expected, "a live reference")
    let beside = try run {
      $0.threads = 1
      $0.seed = 77
      $0.promptsPerStep = 7
      $0.tokenBudget = 60
      $0.adapterFolder = nil
    }
    let offers = beside.flatMap { step in
      step.visits.flatMap { visit in
        visit.scored.map {
          ResumePoint.Reference(prompt: visit.prompt, response: $0.response, logProb: $0.referenceLogProb)
        }
      }
    }
    #expect(offers.count > 40)
    #expect(try run(offers: offers) == expected, "another run's references")

    // With B = 0 the policy is the reference.
    let first = try run {
      $0.adapterFolder = nil
      $0.liveReference = true
    }[0]
    #expect(first.margin == 0 && first.visits.allSatisfy { $0.margin == 0 })
  }

  @Test func theProbeTellsArithmeticsApart() {
    let names = Self.settings.map { setting in
      EngineVersion.name(of: CPUDevice(threads: 1, precision: setting.precision, kernelLevel: setting.level))
    }
    #expect(Set(names).count == names.count)
    #expect(
      names
        == Self.settings.map { setting in
          EngineVersion.name(of: CPUDevice(threads: 3, precision: setting.precision, kernelLevel: setting.level))
        })
  }
}
