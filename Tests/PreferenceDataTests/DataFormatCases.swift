import Text

@testable import PreferenceData

/// A row of every format and of every shape that a format has.
extension DataFormatTests {
  static let cases: [Case] = [
    Case(
      format: .ranked, row: #"{"prompt": "Q", "responses": ["c", "a", "b"], "rewards": [1, 3, 2.5], "id": 4}"#,
      prompt: .text("Q"), responses: [.text("a"), .text("b"), .text("c")], rewards: [3, 2.5, 1]),
    Case(
      format: .ranked, row: #"{"prompt": [\#(turns)], "responses": ["b", [\#(reply("a"))]], "ranks": [2, 1]}"#,
      prompt: user("Q"), responses: [assistant("a"), .text("b")], rewards: [-1, -2]),
    Case(
      format: .trl, row: #"{"prompt": "Q", "chosen": " a", "rejected": " b"}"#, prompt: .text("Q"),
      responses: [.text(" a"), .text(" b")], rewards: [1, 0]),
    Case(
      format: .trl,
      row: #"{"prompt": [\#(turns)], "chosen": [\#(reply("a"))], "rejected": [\#(reply("b"))]}"#, prompt: user("Q"),
      responses: [assistant("a"), assistant("b")], rewards: [1, 0]),
    Case(
      format: .trlImplicit, row: #"{"chosen": [\#(turns), \#(reply("a"))], "rejected": [\#(turns), \#(reply("b"))]}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [1, 0]),
    // Characters agree up to "Yes"; TRL would cut there.
    Case(
      format: .trlImplicit, row: #"{"chosen": "Is it so? Yes", "rejected": "Is it so? Yesterday"}"#,
      prompt: .text("Is it so?"), responses: [.text(" Yes"), .text(" Yesterday")], rewards: [1, 0]),
    Case(
      format: .hhRLHF,
      row: #"{"chosen": "\n\nHuman: Q\n\nAssistant: a", "rejected": "\n\nHuman: Q\n\nAssistant: b"}"#,
      prompt: .text("\n\nHuman: Q\n\nAssistant:"), responses: [.text(" a"), .text(" b")], rewards: [1, 0],
      isTranscript: true),
    Case(
      format: .pkuHelpful,
      row: #"{"prompt": "Q", "response_0": "b", "response_1": "a", "better_response_id": 1}"#, prompt: user("Q"),
      responses: [.text("a"), .text("b")], rewards: [1, 0]),
    Case(
      format: .pkuSafe, row: #"{"prompt": "Q", "response_0": "a", "response_1": "b", "safer_response_id": 0}"#,
      prompt: user("Q"), responses: [.text("a"), .text("b")], rewards: [1, 0]),
    // (4 + 2) / 2 = 3 by the ratings that are numbers; overall_score would turn the order round.
    Case(
      format: .ultrafeedback,
      row:
        #"{"instruction": "Q", "models": [], "completions": [{"response": "b", "fine-grained_score": 2.5, "overall_score": 10}, "#
        + #"{"response": "a", "overall_score": 1, "annotations": {"helpfulness": {"Rating": "4"}, "honesty": {"Rating": "N/A"}, "#
        + #""truthfulness": {"Rating": "2"}}}]}"#, prompt: user("Q"), responses: [.text("a"), .text("b")],
      rewards: [3, 2.5]),
    Case(
      format: .ultrafeedbackBinarized,
      row:
        #"{"prompt": "Q", "prompt_id": "1", "chosen": [\#(turns), \#(reply("a"))], "rejected": [\#(turns), \#(reply("b"))], "#
        + #""messages": [\#(turns), \#(reply("a"))], "score_chosen": 8.5, "score_rejected": 4}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [8.5, 4]),
    Case(
      format: .nectar,
      row:
        #"{"prompt": "\n\nHuman: Q\n\nAssistant: ", "answers": [{"answer": "b", "rank": 2}, {"answer": "a", "rank": 1.0}]}"#,
      prompt: .text("\n\nHuman: Q\n\nAssistant:"), responses: [.text(" a"), .text(" b")], rewards: [-1, -2],
      isTranscript: true),
    Case(
      format: .exo, row: #"{"prompt": "Q", "completions": ["a", "b"], "rewards": [1, 0]}"#, prompt: .text("Q"),
      responses: [.text("a"), .text("b")], rewards: [1, 0]),
    Case(
      format: .nca,
      row: #"{"A0": [\#(turns), \#(reply("b"))], "A0_score": 6, "A1": [\#(turns), \#(reply("a"))], "A1_score": 7}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [7, 6]),
    Case(
      format: .pro,
      row: #"{"meta": {}, "prefix": [["<|prompter|>Q", "<|assistant|>"], ["<|prompter|>Q", "<|assistant|>"]], "#
        + #""suffix": ["b", "a"], "reward": [0.1, 0.9], "sft_index": 0}"#,
      prompt: .text("\n\nHuman: Q\n\nAssistant:"), responses: [.text(" a"), .text(" b")], rewards: [0.9, 0.1],
      isTranscript: true),
    Case(
      format: .pro, row: #"{"prefix": ["Post\nTL;DR:", "Post\nTL;DR:"], "suffix": [" a", " b"], "reward": [2, 1]}"#,
      prompt: .text("Post\nTL;DR:"), responses: [.text(" a"), .text(" b")], rewards: [2, 1]),
    Case(
      format: .sppo,
      row: #"{"chosen": [\#(turns), \#(reply("a"))], "rejected": [\#(turns), \#(reply("b"))], "chosen_probs": 0.9, "#
        + #""chosen_probs_win": 0.8, "chosen_probs_lose": 0.25}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [0.8, 0.25]),
    Case(
      format: .sppo,
      row: #"{"prompt": "Q", "generate_0": "b", "generate_1": "a", "rm_scores": [-1, 2], "probability": [[0.5]]}"#,
      prompt: user("Q"), responses: [.text("a"), .text("b")], rewards: [2, -1]),
    Case(
      format: .simpo,
      row: #"{"prompt": "Q", "all_generated_responses": ["b", "a"], "all_rm_scores": [0.1, 0.2], "#
        + #""chosen": [\#(turns), \#(reply("a"))], "rejected": [\#(turns), \#(reply("b"))]}"#,
      prompt: user("Q"), responses: [.text("a"), .text("b")], rewards: [0.2, 0.1]),
    Case(
      format: .halos,
      row: #"{"type": "pairwise_feedback", "prompt_id": 1, "prompt": [\#(turns)], "output_A": [\#(reply("b"))], "#
        + #""output_B": [\#(reply("a"))], "label": 0, "reward_A": 0.5, "reward_B": 2}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [2, 0.5]),
    Case(
      format: .llamaFactory,
      row:
        #"{"instruction": "Q", "input": "more", "chosen": "a", "rejected": "b", "system": "S", "history": [["h", "i"]]}"#,
      prompt: .messages([
        ChatMessage(role: "system", content: "S"), ChatMessage(role: "user", content: "h"),
        ChatMessage(role: "assistant", content: "i"), ChatMessage(role: "user", content: "Q\nmore"),
      ]), responses: [.text("a"), .text("b")], rewards: [1, 0]),
    Case(
      format: .llamaFactoryShareGPT,
      row: #"{"conversations": [{"from": "human", "value": "Q"}], "chosen": {"from": "gpt", "value": "a"}, "#
        + #""rejected": {"from": "gpt", "value": "b"}}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [1, 0]),
    Case(
      format: .axolotl,
      row: #"{"system": "S", "instruction": "Q", "chosen_response": "a", "rejected_response": "b"}"#,
      prompt: .messages([ChatMessage(role: "system", content: "S"), ChatMessage(role: "user", content: "Q")]),
      responses: [.text("a"), .text("b")], rewards: [1, 0]),
    Case(
      format: .axolotl, row: #"{"question": "Q", "chosen": "a", "rejected": "b"}"#, prompt: user("Q"),
      responses: [.text("a"), .text("b")], rewards: [1, 0]),
    Case(
      format: .axolotl,
      row: #"{"prompt": "Q", "chosen": [\#(turns), \#(reply("a"))], "rejected": [\#(turns), \#(reply("b"))]}"#,
      prompt: user("Q"), responses: [assistant("a"), assistant("b")], rewards: [1, 0]),
  ]

  static func user(_ text: String) -> TextOrMessages { .messages([ChatMessage(role: "user", content: text)]) }
  static func assistant(_ text: String) -> TextOrMessages { .messages([ChatMessage(role: "assistant", content: text)]) }

  static let turns = #"{"role": "user", "content": "Q"}"#
  static func reply(_ text: String) -> String { #"{"role": "assistant", "content": "\#(text)"}"# }
}
