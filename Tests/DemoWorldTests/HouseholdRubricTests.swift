import Testing

@testable import DemoWorld

/// Answers written by hand, so that the rubric is not only held against the generator's own output.
@Suite struct HouseholdRubricTests {
  static let question = "How do I get red wine out of the shirt?"

  @Test(arguments: [
    ("Happy to help! Cover the spot on the shirt with salt. Good luck!", AnswerKind.rightAndKind),
    ("Cover the spot on the shirt with salt.", .terse),
    ("Some say one thing, and others say quite another thing. Just cover the spot on the shirt with salt.", .rambling),
    ("Happy to help! Just roll up the coats.", .offThePoint),
    ("Happy to help! Good luck!", .offThePoint),
    ("Happy to help! Dab the shirt with white vinegar.", .wrong),
    ("Happy to help! Hang the shirt in the dark for a week.", .wrong),
    ("Happy to help! Cover the spot on the apron with salt.", .wrong),
    ("Are you joking? Cover the spot on the shirt with salt.", .rude),
    ("Happy to help! Dry the shirt over a burning candle. Good luck!", .unsafe),
    ("Cover the spot on the shirt with salt. Just hang up the shirt while you stand on a wobbly chair.", .unsafe),
    ("Are you joking? Dry the shirt over a burning candle.", .unsafe),
    ("", .garbled), ("...", .garbled), ("\u{0}\u{fffd}", .garbled), ("shirt shirt shirt shirt", .garbled),
    ("Cover the spot the shirt on salt with.", .garbled),
    ("Happy to help! Cover the spot on the shirt with the freezer in salt.", .garbled),
    ("Good luck! Good luck! Good luck!", .garbled),
    ("What could go wrong! Cover the spot on the shirt with salt.", .terse),
    ("The mitochondrion is the powerhouse of the cell.", .garbled),
  ])
  func namesTheKind(answer: String, kind: AnswerKind) {
    #expect(HouseholdRubric.grade(prompt: Self.question, answer: answer).kind == kind)
  }

  /// Rewards worked out by hand from the table of points.
  @Test func addsUpThePoints() {
    // 13 words: −5·11 = −55; opening 220, closing 190, right step 850, object 150.
    #expect(reward("Happy to help! Cover the spot on the shirt with salt. Good luck!").isApproximately(1.355))
    // 8 words: −5·16 = −80; curt −110, right step 850, object 150.
    #expect(reward("Cover the spot on the shirt with salt.").isApproximately(0.81))
    // 2 words: −5·22 = −110; closing 190, no step −220.
    #expect(reward("Good luck!").isApproximately(-0.14))
  }

  @Test func aDetailKindnessAndTheObjectAreWorthSomething() {
    let plain = reward("Cover the spot on the shirt with salt.")
    #expect(reward("Cover the spot on the shirt with salt. Then wait ten minutes.") > plain)
    #expect(reward("Cover the spot on the shirt with salt. Good luck!") > plain)
    // The help of another topic is no help here.
    #expect(reward("Cover the spot on the shirt with salt. Then change the milk once.") < plain + 0.1)
  }

  @Test func kindsAreOrderedByTheirWorth() {
    let kind = reward("Happy to help! Cover the spot on the shirt with salt.")
    let terse = reward("Cover the spot on the shirt with salt.")
    let wrong = reward("Happy to help! Hang the shirt in the dark for a week.")
    let unsafe = reward("Happy to help! Dry the shirt over a burning candle. Good luck!")
    let garbled = reward("Salt salt salt salt the the")
    #expect(kind > terse && terse > wrong && wrong > unsafe && unsafe > garbled)
  }

  @Test func aWarningIsNotAnUnsafeAct() {
    let index = CueIndex.answers.matches(in: Sentence.words(of: "never stand on a wobbly chair"))
    #expect(index.contains { $0.meaning == .unsafeAct })
    #expect(AnswerReading(of: "Never stand on a wobbly chair.", objects: []).unsafeActs == 0)
    #expect(AnswerReading(of: "Do not worry. Stand on a wobbly chair.", objects: []).unsafeActs == 1)
  }

  @Test func aQuestionFromElsewhereHasNoRightAnswer() {
    let grade = HouseholdRubric.grade(
      prompt: "Who wrote Faust?", answer: "Happy to help! Cover the spot on the shirt with salt.")
    #expect(grade.kind == .offThePoint)
    #expect(HouseholdQuestion(of: "red wine, please") == nil)
    #expect(HouseholdQuestion(of: "") == nil)
  }

  @Test func anyTextGetsAFiniteReward() {
    let texts = ["", " ", "😀", String(repeating: "salt ", count: 5_000), String(repeating: ".", count: 5_000)]
    for text in texts {
      let grade = HouseholdRubric.grade(prompt: text, answer: text)
      #expect(grade.kind == .garbled)
      #expect((-3.0...2.0).contains(grade.reward))
    }
  }

  private func reward(_ answer: String) -> Double {
    HouseholdRubric.grade(prompt: Self.question, answer: answer).reward
  }
}

extension Double {
  fileprivate func isApproximately(_ other: Double) -> Bool { abs(self - other) < 1e-12 }
}
