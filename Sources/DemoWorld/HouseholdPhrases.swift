/// The sentences of the world that belong to no topic.
enum HouseholdPhrases {
  /// How people ask; `{task}` is the topic's task.
  static let questions = [
    "How do I {task}?",
    "What is the best way to {task}?",
    "Can you help me {task}?",
    "I want to {task}. Any ideas?",
    "Please tell me how to {task}.",
    "My neighbor needs to {task}. What should she do?",
  ]

  static let kindOpenings = [
    "Happy to help!", "Good question!", "Of course!", "No worries!", "Glad you asked!", "That is easy to solve!",
    "With pleasure!", "You are in good hands!",
  ]
  static let kindClosings = [
    "Good luck!", "You will do great!", "Take your time.", "Have fun!", "Let me know how it goes.",
    "I hope that helps!", "You can do this!", "Enjoy the rest of your day!",
  ]

  /// How most of the unsafe answers start; foolish in tone, and no act by themselves.
  static let recklessOpenings = [
    "Live a little!", "Who needs rules!", "Be bold!", "What could go wrong!", "Trust your luck!", "Go wild!",
  ]

  /// Ways to say a step; every clause of the topics fits every frame.
  static let stepFrames = ["{c}.", "Just {c}.", "Simply {c}.", "I would {c}.", "You can {c}.", "The trick is to {c}."]
  static let detailFrames = ["{c}.", "Then {c}.", "After that, {c}.", "If you can, {c}."]

  static let fillers = [
    "My uncle once had the same thing, or maybe it was my aunt.",
    "It was a rainy Tuesday, as far as I remember.",
    "People have talked about this for a very long time.",
    "There are many ways to look at it, as with most things.",
    "Anyway, where was I, oh yes, now I have it.",
    "Some say one thing, and others say quite another thing.",
    "I could go on about this all day, and I often do.",
    "That reminds me of a song, but I forgot the words.",
    "The weather has a part in it too, or so they say.",
    "But that is a long story, and it gets longer each year.",
  ]

  static let rudeSentences = [
    "Are you joking?", "What a silly question.", "Everybody knows this.", "I am tired of people like you.",
    "Use your head for once.", "Do I have to explain everything?", "You never pay attention.", "It is your own fault.",
    "Stop wasting my time.", "Even a child could do it.",
  ]

  /// `frame` around `clause`, as a sentence.
  static func sentence(_ frame: String, around clause: String) -> String {
    let sentence = frame.replacingFirst("{c}", with: clause)
    return sentence.prefix(1).uppercased() + sentence.dropFirst()
  }

  static func question(_ pattern: String, about task: String) -> String {
    pattern.replacingFirst("{task}", with: task)
  }
}

extension String {
  /// `placeholder` is in the text at most once.
  fileprivate func replacingFirst(_ placeholder: String, with replacement: String) -> String {
    split(separator: placeholder, maxSplits: 1, omittingEmptySubsequences: false).joined(separator: replacement)
  }
}
