public enum PaneID: String, CaseIterable, Sendable {
  case loss, gamma, margin, sampled, rewards, shares, prompts, responses
  case whatIf, logs, system, gradient, learningRate, speed, events, generations
  case runs, overlayLoss, overlayMargin, overlayAccuracy
}
