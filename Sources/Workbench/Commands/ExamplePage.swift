import PreferenceData
import Text

/// An example as its tokens: the prompt's in round brackets, each scored one in square ones.
struct ExamplePage {
  let text: TextFolder

  /// Tokens shown of a prompt's end, and of a response's beginning and end where it has more than `most`.
  private static let (context, most, beginning, end) = (24, 40, 30, 8)

  func lines(_ example: EncodedExample) -> [String] {
    let prompt = pieces(of: example.prompt, after: nil)
    let tail = prompt.suffix(Self.context)
    let lead = prompt.count > tail.count ? "… " : ""
    var lines = ["prompt, \(prompt.count) tokens: \(lead)" + tail.map { "(\($0))" }.joined()]
    let ends = example.responses.count > 1 ? [0, example.responses.count - 1] : [0]
    for (index, response) in ends.map({ ($0, example.responses[$0]) }) {
      let all = pieces(of: response, after: example.prompt.last)
      let shown = all.count > Self.most ? all.prefix(Self.beginning) + ["…"] + all.suffix(Self.end) : all[...]
      lines.append(
        "\(index == 0 ? "best" : "worst"), reward \(example.rewards[index]), \(all.count) tokens: "
          + shown.map { "[\($0)]" }.joined())
    }
    return lines
  }

  /// What each token adds to the text. A SentencePiece decoder drops the space before the first word of what it is given,
  /// so a word's piece is shown as the vocabulary writes it, and any other behind the token before it.
  private func pieces(of ids: [Int32], after first: Int32?) -> [String] {
    var previous = first
    return ids.map { id in
      defer { previous = id }
      let alone = text.decode([id], skipSpecialTokens: false)
      var piece = alone
      if let word = text.tokenizer.token(id), word.hasPrefix("\u{2581}") {
        piece = word.replacing("\u{2581}", with: " ")
      } else if let previous {
        let before = text.decode([previous], skipSpecialTokens: false).unicodeScalars
        let both = text.decode([previous, id], skipSpecialTokens: false).unicodeScalars
        if both.starts(with: before) { piece = String(both.dropFirst(before.count)) }
      }
      return Self.pictured(piece.isEmpty ? alone : piece)
    }
  }

  /// Control characters as pictures, so that a token is seen for what it is.
  private static func pictured(_ piece: String) -> String {
    String(
      String.UnicodeScalarView(
        piece.unicodeScalars.map { scalar in
          switch scalar.value {
          case 0x0A: "⏎"
          case 0x00...0x1F: Unicode.Scalar(0x2400 + scalar.value) ?? scalar
          case 0x7F: "␡"
          default: scalar
          }
        }))
  }
}
