/// Which columns of a file hold what, for files in no known format (SHP, HelpSteer and the like).
///
/// * one response column of text and one reward column: one scored response a row; rows with the same prompt are one list
/// * one response column and one reward column that hold lists: a ranked list a row
/// * k response columns and k reward columns: a list of k a row
/// * k response columns and no reward column: the columns are in order, best first
public struct ColumnMap: Sendable, Equatable {
  public var prompt: String
  public var responses: [String]
  public var rewards: [String]

  public init(prompt: String = "prompt", responses: [String] = ["response"], rewards: [String] = ["reward"]) {
    self.prompt = prompt
    self.responses = responses
    self.rewards = rewards
  }

  /// What is wrong with the map, in a clause, or nil.
  public var problem: String? {
    if responses.isEmpty { return "no response column is named" }
    if rewards.isEmpty, responses.count == 1 { return "one response column needs a reward column" }
    if !rewards.isEmpty, rewards.count != responses.count {
      return "\(responses.count) response columns, but \(rewards.count) reward columns"
    }
    if let twice = names.enumerated().first(where: { names[..<$0.offset].contains($0.element) })?.element {
      return "\"\(twice)\" is named twice"
    }
    return nil
  }

  var names: [String] { [prompt] + responses + rewards }
}
