import Control
import Evaluation

/// Reference log-probs that other runs of the same model have computed, so that no response is scored twice.
extension TrainingLoop {
  /// After the first step has scored its own references: compares those that were offered with them, bit for bit, and
  /// takes the rest only where all agree. A score does not depend on what else is in its batch, so they do; a value of
  /// another machine's making, or a forged one, is found out.
  func takeOfferedReferences() {
    guard !offeredReferences.isEmpty else { return }
    let compared = offeredReferences.compactMap { offer in
      references[offer.prompt, offer.response].map { $0 == offer.logProb }
    }
    // Nothing in common with this step: the next one may have.
    guard !compared.isEmpty else { return }
    let count = offeredReferences.count
    defer { offeredReferences = [] }
    guard compared.allSatisfy({ $0 }) else {
      publish(
        .log(
          LogLine(
            level: .warning,
            text: "\(count) reference log-probs of other sessions are not used: this machine computes others")))
      return
    }
    for offer in offeredReferences { references.offer(offer) }
    publish(
      .log(LogLine(level: .info, text: "\(count) reference log-probs are known from other sessions of this model")))
  }
}

extension ReferenceCache {
  /// Takes a value that is not there yet.
  mutating func offer(_ reference: ResumePoint.Reference) {
    if self[reference.prompt, reference.response] == nil {
      self[reference.prompt, reference.response] = reference.logProb
    }
  }
}
