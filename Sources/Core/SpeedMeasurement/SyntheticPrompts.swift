import Base
import Foundation
import Model
import DeviceCPU

/// Prompts with responses of random tokens, with lengths spread like those of real preference data.
public struct SyntheticPrompts: Sendable {
  /// Tokens. HH-RLHF's harmless-base test file has these means under a 16,384-token byte-level BPE.
  public var meanPrompt = 122.0
  public var meanResponse = 44.0
  public var responses = 2
  public var seed: UInt64 = 1

  public init() {}

  /// - Parameter vocabulary: of the model; tokens are drawn below it.
  public func groups(_ count: Int, vocabulary: Int) -> [PromptGroup] {
    let prompts = lengths(count, mean: meanPrompt, index: 0)
    let all = lengths(count * responses, mean: meanResponse, index: 1)
    var stream = RandomStream(seed: seed, purpose: .test, index: 2)
    func tokens(_ count: Int) -> [Int32] {
      (0..<count).map { _ in Int32(stream.nextUInt32() % UInt32(vocabulary)) }
    }
    return (0..<count).map { group in
      PromptGroup(
        prompt: tokens(prompts[group]),
        responses: (0..<responses).map { tokens(all[group * responses + $0]) })
    }
  }

  /// Log-normal lengths with the deviation log-lengths have in HH-RLHF, scaled so that their mean is `mean`.
  private func lengths(_ count: Int, mean: Double, index: Int) -> [Int] {
    var stream = RandomStream(seed: seed, purpose: .test, index: index)
    let raw = (0..<count).map { _ in
      let radius = (-2 * log(1 - stream.nextUniform())).squareRoot()
      return exp(0.7 * radius * cos(2 * .pi * stream.nextUniform()))
    }
    let scale = mean * Double(count) / raw.reduce(0, +)
    return raw.map { max(1, Int(($0 * scale).rounded())) }
  }
}
