// The catalogue of metrics. A new one is an entry here and the line that gives a record its value
// (`record.values[.name] = …`); all that prints, stores, compares and documents metrics goes through the list.

extension Metric {
  /// In the order of the columns of a table.
  public static let catalogue: [Metric] = stepMetrics + evaluationMetrics

  // MARK: An optimizer step

  public static let stepMetrics: [Metric] = [
    .loss, .learningRate, .gradientNorm, .chosenReward, .rejectedReward, .margin, .accuracy, .chosenLogProb,
    .rejectedLogProb, .gamma, .ess, .saturatedShare, .beta, .kl, .tokens, .stepTime,
  ]

  public static let loss = Metric(
    "loss", "mean over the step's prompts", better: .lower, chart: .loss, absence: .null)
  public static let learningRate = Metric(
    "learning_rate", "in force during the step", chart: .learningRate, absence: .null)
  public static let gradientNorm = Metric(
    "grad_norm", "L2 norm of the whole gradient before clipping", chart: .gradient, absence: .null)
  public static let chosenReward = Metric(
    "rewards/chosen", "mean implicit reward β(l − l_ref) of the chosen responses, summed log-probs", unit: "nats",
    chart: .rewards, absence: .null)
  public static let rejectedReward = Metric(
    "rewards/rejected", "the same of the rejected responses", unit: "nats", chart: .rewards, absence: .null)
  public static let margin = Metric(
    "rewards/margins", "their difference", unit: "nats", better: .higher, chart: .margin, absence: .null)
  public static let accuracy = Metric(
    "rewards/accuracies", "share of prompts with chosen above rejected, strictly. 0 at step 1, where both are 0",
    better: .higher, chart: .accuracy, absence: .null)
  public static let chosenLogProb = Metric(
    "logps/chosen", "mean summed log-prob of the chosen responses under the policy", unit: "nats", chart: .logProbs,
    absence: .null)
  public static let rejectedLogProb = Metric(
    "logps/rejected", "the same of the rejected responses", unit: "nats", chart: .logProbs, absence: .null)
  public static let gamma = Metric(
    "gamma", "γ in force during the step; null without HPS", chart: .gamma, absence: .null)
  public static let ess = Metric(
    "ess", "mean effective sample size 1/Σq² of the hard-negative distribution; null without HPS", unit: "responses",
    chart: .sampling, absence: .null)
  public static let saturatedShare = Metric(
    "saturated_share", "share of prompts with an effective sample size below 1.5; null without HPS", chart: .sampling,
    absence: .null)
  public static let beta = Metric("beta", "β in force during the step", chart: .beta, absence: .null)
  public static let kl = Metric("kl", "`kto` only: the reference point", unit: "nats", isLast: true)
  public static let tokens = Metric(
    "num_tokens", "tokens seen since the run began; a shared prompt counts once", unit: "tokens", isCount: true,
    absence: .null)
  public static let stepTime = Metric(
    "step_time", "of the whole step", unit: "seconds", better: .lower, chart: .speed, absence: .null)

  // MARK: An evaluation

  public static let evaluationMetrics: [Metric] = [
    .evalLoss, .evalChosenReward, .evalRejectedReward, .evalMargin, .evalAccuracy, .evalChosenLogProb,
    .evalRejectedLogProb, .evalHardestMargin, .evalMeanMargin, .evalLengthHardestMargin, .evalLengthMeanMargin,
    .evalRankingAccuracy, .evalLengthCorrelation, .evalPolicyKL, .evalKL, .evalPrompts, .evalRuntime,
  ]

  public static let evalLoss = Metric(
    "eval_loss", "mean over the held-out prompts", better: .lower, chart: .loss, absence: .null)
  public static let evalChosenReward = Metric(
    "eval_rewards/chosen", "mean implicit reward of the chosen responses", unit: "nats", chart: .rewards,
    absence: .null)
  public static let evalRejectedReward = Metric(
    "eval_rewards/rejected", "the same of the rejected responses", unit: "nats", chart: .rewards, absence: .null)
  public static let evalMargin = Metric(
    "eval_rewards/margins", "their difference", unit: "nats", better: .higher, chart: .margin, absence: .null)
  public static let evalAccuracy = Metric(
    "eval_rewards/accuracies", "share of prompts with chosen above rejected, strictly", better: .higher,
    chart: .accuracy, absence: .null)
  public static let evalChosenLogProb = Metric(
    "eval_logps/chosen", "mean summed log-prob of the chosen responses under the policy", unit: "nats",
    chart: .logProbs, absence: .null)
  public static let evalRejectedLogProb = Metric(
    "eval_logps/rejected", "the same of the rejected responses", unit: "nats", chart: .logProbs, absence: .null)
  public static let evalHardestMargin = Metric(
    "eval_margins/hardest", "RM_DPO of the best response against the hardest dispreferred one", unit: "nats",
    better: .higher, chart: .margin, absence: .null)
  public static let evalMeanMargin = Metric(
    "eval_margins/mean", "RM_DPO of the best response against the mean of all dispreferred ones", unit: "nats",
    better: .higher, chart: .margin, absence: .null)
  public static let evalLengthHardestMargin = Metric(
    "eval_margins/rdpo_hardest", "RM_R-DPO against the hardest, with `preference.alpha`", unit: "nats",
    better: .higher, chart: .margin)
  public static let evalLengthMeanMargin = Metric(
    "eval_margins/rdpo_mean", "RM_R-DPO against the mean, with `preference.alpha`", unit: "nats", better: .higher,
    chart: .margin)
  public static let evalRankingAccuracy = Metric(
    "eval_ranking_accuracy", "share of all response pairs that the implicit reward orders as annotated",
    better: .higher, chart: .accuracy)
  public static let evalLengthCorrelation = Metric(
    "eval_length_correlation", "correlation of implicit reward and length in tokens")
  public static let evalPolicyKL = Metric(
    "eval_policy_kl",
    "KL(policy ‖ reference) of an answer, from 16 answers the policy samples at temperature 1", unit: "nats")
  public static let evalKL = Metric(
    "eval_kl", "`kto` only: the reference point on the held-out prompts", unit: "nats")
  public static let evalPrompts = Metric(
    "eval_prompts", "prompts measured", unit: "prompts", isCount: true, absence: .null)
  public static let evalRuntime = Metric(
    "eval_runtime", "of the measurement", unit: "seconds", better: .lower, chart: .speed, absence: .null)

  /// Those by which `training.metric_for_best_model` may choose a checkpoint.
  public static let checkpointMetrics: [Metric] = [
    .evalLoss, .evalAccuracy, .evalMargin, .evalHardestMargin, .evalMeanMargin,
  ]
}
