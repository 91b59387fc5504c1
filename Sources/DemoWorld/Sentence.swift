/// One sentence of an answer: its words, and whether it was finished with `.`, `!` or `?`.
struct Sentence: Equatable {
  let words: [String]
  let isFinished: Bool

  /// Splits a text after every `.`, `!` and `?`; sentences without a word are dropped.
  static func sentences(of text: String) -> [Sentence] {
    var result: [Sentence] = []
    var start = text.startIndex
    for index in text.indices where ".!?".contains(text[index]) {
      result.append(Sentence(words: words(of: text[start..<index]), isFinished: true))
      start = text.index(after: index)
    }
    result.append(Sentence(words: words(of: text[start...]), isFinished: false))
    return result.filter { !$0.words.isEmpty }
  }

  /// Lower-case runs of letters and digits; everything else separates.
  static func words(of text: some StringProtocol) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }
}
