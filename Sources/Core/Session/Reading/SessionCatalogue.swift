import Control
import GRDB

/// A session's prompts as they were recorded; read one by one when somebody looks.
struct SessionCatalogue: PromptCatalogue {
  let count: Int
  private let database: DatabaseQueue

  init(count: Int, database: DatabaseQueue) {
    self.count = count
    self.database = database
  }

  /// Empty where the database has lost the prompt.
  func prompt(_ index: Int) -> CataloguedPrompt {
    let found = try? database.read { db -> CataloguedPrompt? in
      guard
        let row = try db.cachedStatement(sql: "SELECT text FROM prompt WHERE id = ?").first(index)
      else { return nil }
      var prompt = CataloguedPrompt(
        text: try DatabaseRow(row: row, table: "prompt").text("text"), responses: [], rewards: [])
      let statement = try db.cachedStatement(
        sql: "SELECT reward, text FROM response WHERE prompt = ? ORDER BY position")
      let rows = try Row.fetchCursor(statement, arguments: [index])
      while let row = try rows.next() {
        let response = DatabaseRow(row: row, table: "response")
        prompt.responses.append(try response.text("text"))
        prompt.rewards.append(try response.number("reward"))
      }
      return prompt
    }
    return (found ?? nil) ?? CataloguedPrompt(text: "", responses: [], rewards: [])
  }
}

extension Statement {
  fileprivate func first(_ argument: Int) throws -> Row? { try Row.fetchOne(self, arguments: [argument]) }
}
