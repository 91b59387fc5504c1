import Control
import Session
import Synchronization
import WorkbenchScreen

/// A session's record as the screen reads it.
struct SessionHistory: RunHistory {
  let reader: SessionReader

  func events(after cursor: Int64, limit: Int) throws -> (events: [RecordedEvent], cursor: Int64) {
    let (events, end) = try reader.events(after: cursor, limit: limit)
    return (events.map { RecordedEvent(time: $0.time, event: Self.prepared($0.event)) }, end)
  }

  /// The screen looks prompts up at every visit, so they are kept once they were read.
  private static func prepared(_ event: RunEvent) -> RunEvent {
    guard case .started(var run) = event else { return event }
    run.catalogue = CachedCatalogue(run.catalogue)
    return .started(run)
  }
}

/// A session that is still to come into being, such as that of a run which starts on this screen: opened when it is
/// first read.
final class LaterHistory: RunHistory {
  private let folder: String
  private let opened = Mutex<SessionHistory?>(nil)

  init(folder: String) { self.folder = folder }

  func events(after cursor: Int64, limit: Int) throws -> (events: [RecordedEvent], cursor: Int64) {
    let history = try opened.withLock { opened in
      if let opened { return opened }
      let history = SessionHistory(reader: try SessionReader(folder: folder))
      opened = history
      return history
    }
    return try history.events(after: cursor, limit: limit)
  }
}

/// A catalogue that reads every prompt once.
final class CachedCatalogue: PromptCatalogue {
  /// Prompts kept; the memory of a screen must not grow with the data.
  private static let limit = 20_000
  private let catalogue: any PromptCatalogue
  private let prompts = Mutex<[Int: CataloguedPrompt]>([:])

  init(_ catalogue: any PromptCatalogue) { self.catalogue = catalogue }

  var count: Int { catalogue.count }

  func prompt(_ index: Int) -> CataloguedPrompt {
    if let known = prompts.withLock({ $0[index] }) { return known }
    let prompt = catalogue.prompt(index)
    // One that nobody has visited is not in a live record yet.
    guard !prompt.responses.isEmpty else { return prompt }
    prompts.withLock { prompts in
      if prompts.count >= Self.limit { prompts.removeAll() }
      prompts[index] = prompt
    }
    return prompt
  }
}
