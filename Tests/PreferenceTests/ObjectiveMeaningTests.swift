import Foundation
import Preference
import Testing

/// What `check` says an objective computes, computed: the sentence is read back, its constants are taken from its own
/// words, and a plain implementation of the words must give the objective's loss.
struct ObjectiveMeaningTests {
  @Test func everySentenceIsWhatIsComputed() throws {
    var list = ObjectiveList(beta: 0.7, objectives: Objective.all(beta: 0.3))
    for parameterization in [Parameterization.dpo, .cdpo, .robust, .exo, .sppo, .nca, .infonca, .hinge] {
      for model in PreferenceModel.allCases { try list.add(model, parameterization) { $0.normalise = .mean } }
    }
    for convention in Convention.allCases {
      for parameterization in [Parameterization.ipo, .sppo, .exo, .nca, .dpo] {
        try list.add(.bt, parameterization) { $0.convention = convention }
      }
      try list.add(.pl, .ipo) { $0.convention = convention }
    }
    try list.add(.bt, .cdpo) { $0.labelSmoothing = 0.2 }
    try list.add(.hps, .robust) { $0.labelSmoothing = 0.3 }
    try list.add(.bt, .exo) { $0.labelSmoothing = 0.05 }
    try list.add(.pl, .exo) { $0.rewardTemperature = 0.5 }
    try list.add(.pl, .nca) { $0.rewardTemperature = 3 }
    try list.add(.bt, .infonca) { $0.rewardTemperature = 3 }
    try list.add(.bt, .rdpo) { $0.lengthWeight = 0.2 }
    try list.add(.bt, .dpop) { $0.dpopLambda = 0.6 }
    try list.add(.pl, .dpop) { $0.normalise = .mean }
    try list.add(.bt, .simpo) { $0.simpoGamma = 0.4 }
    try list.add(.pl, .simpo) { $0.gammaBetaRatio = 0.2 }
    try list.add(.bt, .simpo) { $0.nllWeight = 1 }
    try list.add(.hps, .slic) { $0.slicDelta = 3 }
    try list.add(.bt, .slic) { $0.nllWeight = 0 }
    try list.add(.pl, .pro) { $0.nllWeight = 0.2 }
    try list.add(.pl, .lipo) { $0.lipoLabels = .raw }
    try list.add(.bt, .lipo) { $0.lipoLabels = .raw }
    try list.add(.pl, .kto) { $0.desirableThreshold = 1 }
    try list.add(.bt, .kto) {
      $0.desirableWeight = 0.5
      $0.undesirableWeight = 2
    }
    try list.add(.hps, .dpo, .expectation) { $0.preferred = 2 }
    try list.add(.hps, .ipo) { $0.preferred = 3 }

    for (k, objective) in list.objectives.enumerated() {
      let words = ObjectiveWords(objective.describe())
      for draw in 0..<6 {
        var stream = PreferenceFixture.stream(90_000 + k * 100 + draw)
        var group = PreferenceFixture.group(4 + draw % 3, &stream)
        group.kl = 0.4
        let gamma = [-1.0, 0, 1.5][draw % 3]
        let (selection, value) = try #require(objective.visit(group, gamma: gamma, index: draw))
        let expected = try #require(words.loss(of: group, drawn: selection.drawn, gamma: gamma), "\(words.text)")
        #expect(agrees(value.loss, expected, 1e-8), "\(words.text): \(value.loss) and \(expected)")
      }
    }
  }
}

/// A description read as a program.
struct ObjectiveWords {
  let text: String

  init(_ text: String) { self.text = text }

  /// A response as the sentence sees it.
  private struct Response {
    var u: Double
    var s: Double
    var length: Double
    var reward: Double
    var logProb: Double
  }

  private func has(_ words: String) -> Bool { text.contains(words) }

  /// The number that follows `words`.
  private func number(_ words: String) -> Double? {
    guard let range = text.range(of: words) else { return nil }
    let digits = text[range.upperBound...].prefix { "0123456789.e-".contains($0) }
    return Double(digits.last == "." ? digits.dropLast() : digits)
  }

  private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
  private func logSigmoid(_ x: Double) -> Double { -log(1 + exp(-x)) }
  private func softmax(_ x: [Double]) -> [Double] {
    let total = x.reduce(0) { $0 + exp($1) }
    return x.map { exp($0) / total }
  }

  /// - Returns: nil for words that this reader does not know.
  func loss(of list: ScoredGroup, drawn: Int?, gamma: Double) -> Double? {
    let beta = number("β = ") ?? .nan
    let responses = (0..<list.count).map { i in
      var u = list.logProbs[i]
      if !has("No reference") { u -= list.referenceLogProbs[i] }
      if has("averaged over the response's tokens") { u /= Double(list.lengths[i]) }
      return Response(
        u: u, s: beta * u, length: Double(list.lengths[i]), reward: list.rewards[i], logProb: list.logProbs[i])
    }
    let preferred = has("each of the best ") ? Int(number("each of the best ") ?? 0) : 1
    var total: Double
    if has("all responses of each prompt") {
      guard let value = listLoss(responses, beta: beta, kl: list.kl) else { return nil }
      total = value
    } else if has("against all dispreferred responses, weighted by q ∝ exp(γ r)") {
      let negatives = Array(responses[preferred...])
      let q = softmax(negatives.map { gamma * $0.reward })
      total = 0
      for best in responses[..<preferred] {
        if has("Loss log(e^s_1 + N Σ q_i e^s_i) − s_1") {
          let sum = zip(q, negatives).reduce(0) { $0 + $1.0 * exp($1.1.s) } * Double(negatives.count)
          total += (log(exp(best.s) + sum) - best.s) / Double(preferred)
        } else {
          guard has("averaged over the negatives by q") else { return nil }
          for (weight, negative) in zip(q, negatives) {
            guard let value = pairLoss(best, negative, beta: beta, count: 1, kl: list.kl) else { return nil }
            total += weight * value / Double(preferred)
          }
        }
      }
    } else {
      let other = has("the best against the worst response") ? list.count - 1 : drawn ?? -1
      guard has("the best against the worst") || has("drawn from q ∝ exp(γ r) at every visit"), other > 0 else {
        return nil
      }
      total = 0
      for best in responses[..<preferred] {
        let count = list.count - preferred
        guard let value = pairLoss(best, responses[other], beta: beta, count: count, kl: list.kl) else { return nil }
        total += value / Double(preferred)
      }
    }
    if let weight = number("Plus ") {
      let best = responses[0]
      if has("× the preferred response's negative log-likelihood per token") {
        total -= weight * best.logProb / best.length
      } else if has("× (K − 1)² × the preferred response's summed negative log-likelihood") {
        total -= weight * Double((list.count - 1) * (list.count - 1)) * best.logProb
      } else {
        guard has("× the preferred response's summed negative log-likelihood") else { return nil }
        total -= weight * best.logProb
      }
    }
    return total
  }

  // MARK: Pairs

  private func pairLoss(_ w: Response, _ l: Response, beta: Double, count: Int, kl: Double) -> Double? {
    let z = w.s - l.s
    func begins(_ formula: String) -> Bool { has("Loss " + formula) }
    if begins("−log σ(s_w − s_l − log N)") { return -logSigmoid(z - log(Double(count))) }
    if begins("−log σ(s_w − s_l + α(|y_w| − |y_l|))") {
      return number("α = ").map { -logSigmoid(z + $0 * (w.length - l.length)) }
    }
    if begins("−log σ(s_w − s_l − λ max(0, −s_w))") {
      return number("λ = ").map { -logSigmoid(z - $0 * max(0, -w.s)) }
    }
    if begins("−log σ(s_w − s_l)") { return -logSigmoid(z) }
    if begins("−(1−ε) log σ(s_w − s_l) − ε log σ(s_l − s_w)") {
      return number("ε = ").map { -(1 - $0) * logSigmoid(z) - $0 * logSigmoid(-z) }
    }
    if begins("[−(1−ε) log σ(s_w − s_l) + ε log σ(s_l − s_w)]/(1−2ε)") {
      return number("ε = ").map { (-(1 - $0) * logSigmoid(z) + $0 * logSigmoid(-z)) / (1 - 2 * $0) }
    }
    if begins("KL(softmax(s_w, s_l) ‖ label)") {
      let p = softmax([w.s, l.s])
      var label = (0.0, -10.0)
      if !has("label log-probs (0, −10)") {
        guard has("label (1−ε, ε)"), let e = number("ε = ") else { return nil }
        label = (log(1 - e), log(e))
      }
      return p[0] * (log(p[0]) - label.0) + p[1] * (log(p[1]) - label.1)
    }
    if begins("(D_w − D_l − 1/(2β))²") { return pow(w.u - l.u - 1 / (2 * beta), 2) }
    if has("[(D_w − 1/(2β))² + (D_l + 1/(2β))²]") {
      let sum = pow(w.u - 1 / (2 * beta), 2) + pow(l.u + 1 / (2 * beta), 2)
      return begins("½[") ? sum / 2 : sum
    }
    if begins("−log σ(s_w) − ½ log σ(−s_w) − ½ log σ(−s_l)") {
      return -logSigmoid(w.s) - logSigmoid(-w.s) / 2 - logSigmoid(-l.s) / 2
    }
    if begins("−log σ(β(l'_w − l'_l) − γ_m)") { return number("γ_m = ").map { -logSigmoid(z - $0) } }
    if begins("max(0, 1 − (s_w − s_l))") { return max(0, 1 - z) }
    if begins("max(0, "), has("− l_w + l_l)") { return number("Loss max(0, ").map { max(0, $0 - w.u + l.u) } }
    if begins("λ_D(1 − σ(β(D − z)))"), has("The preferred response is desirable, the other is not") {
      return judged([w, l], desirable: 1, beta: beta, kl: kl)
    }
    return has("among the two responses") || begins("−Σ t_i log p_i") ? listFormula([w, l], beta: beta) : nil
  }

  // MARK: Lists

  private func listLoss(_ all: [Response], beta: Double, kl: Double) -> Double? {
    if has("mean over all strictly ordered pairs") {
      var values: [Double] = []
      for (i, w) in all.enumerated() {
        for l in all[(i + 1)...] {
          guard let value = pairLoss(w, l, beta: beta, count: 1, kl: kl) else { return nil }
          values.append(value)
        }
      }
      return values.reduce(0, +) / Double(values.count)
    }
    if has("Loss λ_D(1 − σ(β(D − z)))"), let threshold = number("A response is desirable above a reward of ") {
      return judged(all, desirable: all.filter { $0.reward > threshold }.count, beta: beta, kl: kl)
    }
    return listFormula(all, beta: beta)
  }

  private func judged(_ all: [Response], desirable: Int, beta: Double, kl: Double) -> Double? {
    guard let wanted = number("λ_D = "), let unwanted = number("λ_U = ") else { return nil }
    let z = has("z = max(0, mean log-ratio of the step's mismatched pairs") ? kl : 0
    guard has("mean over the responses") else { return nil }
    let values = all.enumerated().map { i, y in
      i < desirable ? wanted * (1 - sigmoid(beta * (y.u - z))) : unwanted * (1 - sigmoid(beta * (z - y.u)))
    }
    return values.reduce(0, +) / Double(values.count)
  }

  private func listFormula(_ all: [Response], beta: Double) -> Double? {
    let p = softmax(all.map(\.s))
    let rewards = all.map(\.reward)
    func begins(_ formula: String) -> Bool { has("Loss " + formula) }
    func total(_ term: (Int) -> Double) -> Double { all.indices.reduce(0) { $0 + term($1) } }
    if begins("Σ_k [logsumexp(s_k and all ranked below) − s_k]") {
      return total { k in log(all[k...].reduce(0) { $0 + exp($1.s) }) - all[k].s }
    }
    if begins("Σ p_i (log p_i − t_i), p = softmax(s), t = log softmax(r/β_r)"), let temperature = number("β_r = ") {
      let t = softmax(rewards.map { $0 / temperature }).map { log($0) }
      return total { p[$0] * (log(p[$0]) - t[$0]) }
    }
    if begins("Σ_i (D_i − (P_i − ½)/β)², P_i = mean_j σ(r_i − r_j) over all responses") {
      return total { i in
        let wins = rewards.reduce(0) { $0 + sigmoid(rewards[i] - $1) } / Double(all.count)
        return pow(all[i].u - (wins - 0.5) / beta, 2)
      }
    }
    if begins("mean_i[−log σ(−s_i)] − Σ t_i log σ(s_i), t = softmax(r/α)"), let temperature = number("α = ") {
      let t = softmax(rewards.map { $0 / temperature })
      return total { -logSigmoid(-all[$0].s) / Double(all.count) - t[$0] * logSigmoid(all[$0].s) }
    }
    if begins("−Σ t_i log p_i, p = softmax(s), t = softmax(r/α)"), let temperature = number("α = ") {
      let t = softmax(rewards.map { $0 / temperature })
      return total { -t[$0] * log(p[$0]) }
    }
    if begins("Σ W_ij log(1 + e^−(s_i − s_j)) over the pairs with r_i > r_j") {
      let low = rewards.min() ?? 0
      let span = (rewards.max() ?? 0) - low
      guard has("rewards scaled to 0…1 within the prompt") || has("rewards as they are") else { return nil }
      let psi = has("rewards as they are") ? rewards : rewards.map { ($0 - low) / span }
      let rank = all.indices.map { i in 1 + Double(all.filter { $0.s > all[i].s }.count) }
      var sum = 0.0
      for i in all.indices {
        for j in all.indices where rewards[i] > rewards[j] {
          let weight = abs(pow(2, psi[i]) - pow(2, psi[j])) * abs(1 / log(1 + rank[i]) - 1 / log(1 + rank[j]))
          sum += weight * log(1 + exp(-(all[i].s - all[j].s)))
        }
      }
      return sum
    }
    if begins("Σ_k {logsumexp(T_k l'_k, T_kj l'_j) − T_k l'_k}, T_kj = r_k − r_j, T_k = max_j T_kj, l' per token") {
      return total { k in
        let below = all[(k + 1)...]
        guard let lowest = below.map(\.reward).min() else { return 0 }
        let own = (rewards[k] - lowest) * all[k].u
        return log(below.reduce(exp(own)) { $0 + exp((rewards[k] - $1.reward) * $1.u) }) - own
      }
    }
    return nil
  }
}
