/// One everyday task and everything this world knows about it.
struct HouseholdTopic: Sendable {
  /// What is asked, in the infinitive; its cue names the topic in a prompt.
  let task: Clause
  /// The step that solves it; its cue names the tool, and no other topic's step has the same.
  let step: Clause
  /// What helps beside the step.
  let details: [Clause]
  /// Claims that do not solve it.
  let mistakes: [Clause]
}

/// Topics that share their objects (any stain can be on any cloth) and their foolish ideas.
struct TopicGroup: Sendable {
  let name: String
  /// Single words; within a group no clause contains one.
  let objects: [String]
  let unsafeActs: [Clause]
  let topics: [HouseholdTopic]
}

/// All topics of the world, by group.
enum HouseholdTopics {
  static let groups: [TopicGroup] = [laundry, vessels, cooking, garden, repairs, pets, storage, surfaces]
}
