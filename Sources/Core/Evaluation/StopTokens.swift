import Checkpoint
import Text

extension ModelConfiguration {
  /// What ends an answer: the model's end tokens and the tokenizer's `eos_token`.
  public func stopTokens(with text: any TextEncoding) -> [Int32] {
    let known = eosTokenIDs.compactMap { Int32(exactly: $0) }
    guard let end = text.eosTokenID, !known.contains(end) else { return known }
    return known + [end]
  }
}
