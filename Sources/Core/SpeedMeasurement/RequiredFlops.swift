import Checkpoint
import Model

/// Floating-point operations that the mathematics of a step asks for, whatever an engine really executes: recomputation,
/// padding and a prompt that is computed once per response count as nothing, so they lower the share of peak.
///
/// A multiplication and an addition are two operations. Dimensions: T tokens with a shared prompt counted once, T_r
/// response tokens, H hidden, V vocabulary, r rank.
public struct RequiredFlops: Sendable, Equatable {
  /// The decoder's linears: 2 · parameters · T for each of forward and activation gradient. The base is frozen, so its
  /// weights have no gradient.
  public var body = 0.0
  /// Logits and their gradient on response tokens: 2 · V · H · T_r each.
  public var head = 0.0
  /// 2 · r · (in + out) · T for each of forward, activation gradient and parameter gradients.
  public var adapter = 0.0
  /// Per visible (query, key) pair and head: q·k and p·v forward; backward the scores again, dp, dv, dq, dk.
  public var attention = 0.0

  public var total: Double { body + head + adapter + attention }

  /// One optimizer step over `groups`.
  ///
  /// - Parameter liveReference: the reference is scored in the same step: another forward pass without the adapter.
  public static func step(
    _ groups: [PromptGroup], model: ModelConfiguration, adapter: LoRAConfiguration, liveReference: Bool = false
  ) -> RequiredFlops {
    let policy = count(groups, model, adapter, body: 4, head: 4, adapter: 6, attention: 14)
    guard liveReference else { return policy }
    let reference = forward(groups, model: model, adapter: nil)
    return RequiredFlops(
      body: policy.body + reference.body, head: policy.head + reference.head, adapter: policy.adapter,
      attention: policy.attention + reference.attention)
  }

  /// One scoring pass over `groups`.
  public static func forward(
    _ groups: [PromptGroup], model: ModelConfiguration, adapter: LoRAConfiguration?
  ) -> RequiredFlops {
    count(groups, model, adapter, body: 2, head: 2, adapter: 2, attention: 4)
  }

  private static func count(
    _ groups: [PromptGroup], _ model: ModelConfiguration, _ lora: LoRAConfiguration?, body: Double, head: Double,
    adapter: Double, attention: Double
  ) -> RequiredFlops {
    let layers = Double(model.layerCount)
    let tokens = Double(groups.reduce(0) { $0 + $1.tokenCount })
    let responseTokens = Double(groups.reduce(0) { $0 + $1.responseTokenCount })
    let pairs = groups.reduce(0.0) { $0 + $1.visiblePairs }
    let linears = model.layer.linears.reduce(0.0) { sum, kind in
      let (outputs, inputs) = kind.shape(in: model)
      return sum + Double(outputs) * Double(inputs)
    }
    let adapted = (lora?.modules(of: model) ?? []).reduce(0.0) { sum, module in
      let (outputs, inputs) = module.address.module.shape(in: model)
      return sum + Double(module.rank) * Double(outputs + inputs)
    }
    return RequiredFlops(
      body: body * layers * linears * tokens,
      head: head * Double(model.vocabularySize) * Double(model.hiddenSize) * responseTokens,
      adapter: adapter * adapted * tokens,
      attention: attention * layers * Double(model.headCount * model.headDimension) * pairs)
  }
}

extension PromptGroup {
  /// T: the prompt once, and every response.
  public var tokenCount: Int { prompt.count + responseTokenCount }

  /// T_r.
  public var responseTokenCount: Int { responses.reduce(0) { $0 + $1.count } }

  /// (query, key) pairs that the causal mask leaves: a response sees the prompt and itself.
  public var visiblePairs: Double {
    func triangle(_ count: Int) -> Double { Double(count) * Double(count + 1) / 2 }
    return responses.reduce(triangle(prompt.count)) {
      $0 + Double(prompt.count) * Double($1.count) + triangle($1.count)
    }
  }
}
