/// Which function of the sequence log-probs is minimised. D is the log-ratio l − l_ref, s = βD, z = s_w − s_l.
public enum Parameterization: String, CaseIterable, Sendable, Codable {
  /// −log σ(z) for a pair (Rafailov et al. 2023, Eq. 7); Plackett–Luce and HPS forms for lists.
  case dpo
  /// Reverse KL from softmax(s) to a smoothed label or to softmax(r/β_r) (Ji et al. 2024, Eq. 16).
  case exo
  /// (D_w − D_l − 1/(2β))² (Azar et al. 2023, Eq. 17).
  case ipo
  /// Squared distance of D to (P − ½)/β (Wu et al. 2024, Eq. 4.7).
  case sppo
  /// Noise-contrastive alignment (Chen et al. 2024).
  case nca
  /// Cross-entropy from softmax(r/α) to softmax(s) (Chen et al. 2024; "DPO-rw" in EXO).
  case infonca
  /// DPO with label smoothing ε.
  case cdpo
  /// DPO, unbiased under labels flipped with probability ε (Chowdhury et al. 2024).
  case robust
  /// DPO with a length term α(|y_w| − |y_l|) (Park et al. 2024).
  case rdpo
  /// Reference-free, per-token mean, with a target margin (Meng et al. 2024).
  case simpo
  /// max(0, δ − l_w + l_l) + λ·NLL(best), reference-free (Zhao et al. 2023).
  case slic
  /// max(0, 1 − z), with reference (RSO, Liu et al. 2023; TRL's `hinge`).
  case hinge
  /// Listwise λ-weighted logistic loss (Liu et al. 2024).
  case lipo
  /// Preference ranking optimisation over the list (Song et al. 2023).
  case pro
  /// Kahneman–Tversky optimisation of single responses (Ethayarajh et al. 2024).
  case kto
  /// KTO with the reference point 0: anchored preference optimisation of single responses (D'Oosterlinck et al. 2024).
  case apoZero = "apo_zero"
}
