/// A piece of the world's grammar, as it is written in the tables: `cover the spot on the {o} [with salt]`.
///
/// `{o}` stands for the object asked about. The brackets mark the words the rubric recognises the clause by; without
/// brackets, that is the whole clause.
struct Clause: Sendable, ExpressibleByStringLiteral {
  /// The clause without brackets; `{o}` still in it.
  let text: String
  /// The words the rubric looks for, lower case.
  let cue: [String]

  init(stringLiteral marked: String) {
    text = marked.filter { $0 != "[" && $0 != "]" }
    if let open = marked.firstIndex(of: "["), let close = marked.firstIndex(of: "]"), open < close {
      cue = Sentence.words(of: marked[marked.index(after: open)..<close])
    } else {
      cue = Sentence.words(of: marked)
    }
  }

  /// The clause said of `object`.
  func about(_ object: String) -> String {
    text.split(separator: "{o}", omittingEmptySubsequences: false).joined(separator: object)
  }
}
