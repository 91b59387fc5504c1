import Foundation
import Testing

@testable import Text

/// Against transformers' own rendering.
@Suite struct ChatTemplateGoldens {
  @Test func templatesRenderAsTransformersDoes() throws {
    let goldens = try TemplateGoldens.load()
    #expect(goldens.cases.count > 400)
    var parsed: [String: ChatTemplate] = [:]
    for item in goldens.cases {
      let template =
        try parsed[item.template]
        ?? ChatTemplate(source: TemplateGoldens.source(item.template), name: "\(item.template).jinja")
      parsed[item.template] = template
      let tokens = try #require(goldens.tokens[item.template])
      guard case .dict(let entries)? = goldens.conversations[item.conversation]?.value else {
        Issue.record("no conversation \(item.conversation)")
        continue
      }
      // The variables that apply_chat_template passes.
      var variables: [String: TemplateValue] = ["tools": .none, "documents": .none]
      variables["bos_token"] = tokens[0].map(TemplateValue.string)
      variables["eos_token"] = tokens[1].map(TemplateValue.string)
      for entry in entries { variables[entry.key] = entry.value }
      variables["add_generation_prompt"] = .bool(item.generation)
      let place = "\(item.template), \(item.conversation), generation prompt \(item.generation)"
      check(expected: item.expected, error: item.error, raised: item.raised, place) {
        try template.render(variables, now: TemplateGoldens.now, timeZone: TemplateGoldens.utc)
      }
      // The public entry, where the messages are plain ones.
      if let messages = plainMessages(variables["messages"]) {
        var extra = variables
        for key in ["messages", "add_generation_prompt", "bos_token", "eos_token"] { extra[key] = nil }
        check(expected: item.expected, error: item.error, raised: item.raised, place + ", public") {
          try template.render(
            messages: messages, addGenerationPrompt: item.generation, bosToken: tokens[0], eosToken: tokens[1],
            extra: extra, now: TemplateGoldens.now, timeZone: TemplateGoldens.utc)
        }
      }
    }
  }

  @Test func snippetsRenderAsJinjaDoes() throws {
    let goldens = try TemplateGoldens.load()
    #expect(goldens.snippets.count > 250)
    for snippet in goldens.snippets {
      check(expected: snippet.expected, error: snippet.error, raised: snippet.raised, snippet.source) {
        let variables = Dictionary(snippet.variables.map { ($0.key, $0.value) }) { $1 }
        return try ChatTemplate(source: snippet.source, name: "t").render(
          variables, now: TemplateGoldens.now, timeZone: TemplateGoldens.utc)
      }
    }
  }

  private func check(
    expected: String?, error: String?, raised: Bool?, _ place: String, render: () throws -> String
  ) {
    do {
      let text = try render()
      if let expected {
        #expect(Array(text.utf8) == Array(expected.utf8), "\(place): \(text.debugDescription)")
      } else {
        Issue.record("\(place): rendered \(text.debugDescription) where jinja2 has \(error ?? "")")
      }
    } catch let failure as ChatTemplateError {
      if expected != nil { Issue.record("\(place): \(failure)") }
      if raised == true {
        #expect(error == "TemplateError: \(failure.message)" && failure.isRaisedByTemplate, "\(place)")
      } else {
        #expect(!failure.isRaisedByTemplate, "\(place)")
      }
    } catch {
      Issue.record("\(place): \(error)")
    }
  }

  private func plainMessages(_ value: TemplateValue?) -> [ChatMessage]? {
    guard case .list(let items)? = value else { return nil }
    var messages: [ChatMessage] = []
    for item in items {
      guard case .dict(let entries) = item, entries.count == 2, case .string(let role) = entries[0].value,
        case .string(let content) = entries[1].value
      else { return nil }
      messages.append(ChatMessage(role: role, content: content))
    }
    return messages
  }
}
