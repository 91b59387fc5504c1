/// Which responses of a prompt enter the loss, and with what weight. The function applied to them is the
/// `Parameterization`; any model goes with any parameterization that has a meaning under it.
public enum PreferenceModel: String, CaseIterable, Sendable, Codable {
  /// Bradley–Terry: the best against the worst response.
  case bt
  /// Plackett–Luce: all n responses, ranked (HPS paper, Eq. 4 and 5).
  case pl
  /// Hard Preference Sampling: the best against negatives weighted by q_i ∝ exp(γ r_i) (HPS paper, Eq. 6–10).
  case hps
}

/// How the hard-negative expectation of HPS (Eq. 8) is computed.
public enum Estimator: String, CaseIterable, Sendable, Codable {
  /// One negative drawn from q, the factor N dropped: a plain pair loss on (best, drawn).
  case sample
  /// One negative drawn from q, the factor N kept: −log σ(s_1 − s_j − log N).
  case sampleN = "sample_n"
  /// All candidates, weighted by q: the exact expectation.
  case expectation
}
