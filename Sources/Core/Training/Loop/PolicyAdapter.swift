import Evaluation
import Model

extension GroupScorer {
  /// The adapter that a run trains. A loop is made with one, always: without an adapter there is nothing to train.
  var adapter: LoRAAdapter {
    guard let policy else { preconditionFailure("a training loop's scorer has the adapter that the loop trains") }
    return policy
  }
}
