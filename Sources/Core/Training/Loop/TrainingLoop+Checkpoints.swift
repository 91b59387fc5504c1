import Control

/// A run's checkpoints: when they are written, and which of them go again.
extension TrainingLoop {
  /// What a checkpoint keeps beside the adapter and the moments.
  private var trainerState: TrainerState {
    var state = TrainerState(
      step: step, totalSteps: settings.totalSteps, tokens: tokens, gamma: gamma, learningRate: learningRate.base,
      beta: objective.beta, seed: settings.seed, promptsPerStep: settings.promptsPerStep, totals: totals, best: best)
    control.settings.save(in: &state)
    return state
  }

  /// Writes a checkpoint unless there is one of this very step. Waits where the disk has no room.
  @discardableResult
  func save() throws -> CheckpointStore.Saved? {
    guard let store else { return nil }
    if let lastCheckpoint, lastCheckpoint.step == step { return lastCheckpoint }
    var saved: CheckpointStore.Saved?
    try waitForDisk {
      do {
        saved = try store.save(
          adapter: scorer.adapter, optimizer: optimizer, state: trainerState, replacing: announced.all,
          requireFolder: requireFolder)
        return nil
      } catch {
        guard let trouble = DiskTrouble(error, folder: store.session) else { throw error }
        return trouble.sentence
      }
    }
    guard let saved else { return nil }
    lastCheckpoint = saved
    publish(.checkpoint(step: step, path: saved.path))
    announced.add(step)
    unrecorded.append(step)
    settleCheckpoints()
    return saved
  }

  /// What follows once the record announces the new checkpoints: they stay, and older ones may go. While it cannot be
  /// written, the older ones are what a later process would go on from.
  func settleCheckpoints() {
    guard let store, !unrecorded.isEmpty, recorder?.trouble == nil else { return }
    for step in unrecorded { store.announced(step) }
    unrecorded = []
    guard let count = settings.savedCheckpoints else { return }
    for gone in store.remove(announced.surplus(keeping: count, best: best?.step), requireFolder: requireFolder) {
      announced.remove(gone)
    }
  }
}
