import Testing

@testable import Text

@Suite struct NameSuggestions {
  @Test func distances() {
    // swap of neighbours 1; kitten → sitting 3 substitutions and an insertion.
    #expect(NameSuggestion.damerauLevenshtein(Array("dop"), Array("dpo")) == 1)
    #expect(NameSuggestion.damerauLevenshtein(Array("kitten"), Array("sitting")) == 3)
    #expect(NameSuggestion.damerauLevenshtein([], Array("abc")) == 3)
  }

  @Test func nearest() {
    #expect(NameSuggestion.nearest(to: "LearningRate", among: ["beta", "learning_rate"]) == "learning_rate")
    #expect(NameSuggestion.nearest(to: "zscore", among: ["none", "prompt_zscore"]) == "prompt_zscore")
    #expect(NameSuggestion.nearest(to: "x", among: ["beta"]) == nil)
    #expect(NameSuggestion.nearest(to: "", among: ["beta"]) == nil)
  }
}
