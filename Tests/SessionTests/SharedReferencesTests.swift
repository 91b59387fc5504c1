import Control
import Foundation
import TestSupport
import Testing

@testable import Session
@testable import Training
@testable import TrainingFixture

@Suite struct SharedReferencesTests {
  private static func hashes(_ count: Int) -> TokenHashes {
    TokenHashes(
      (0..<count).map { prompt in
        (0..<8).map { TokenHash(prompt: [Int32(prompt), 7], response: [Int32($0)]) }
      })
  }

  private static func facts(engine: String = "e", prompts: Int = 3) -> RunFacts {
    var facts = SessionFixture.facts()
    facts.engine = engine
    facts.tokenHashes = hashes(prompts)
    return facts
  }

  /// A session `name` in `folder` with steps 1 and 2 of the fixture.
  private func record(_ name: String, in folder: String, engine: String = "e") throws {
    let path = folder + "/" + name
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let recorder = SessionRecorder(session: path)
    try recorder.open(Self.facts(engine: engine))
    recorder.observe(.started(SessionFixture.description()))
    for number in 1...2 { recorder.observe(.step(SessionFixture.step(number))) }
    #expect(recorder.close() == nil)
  }

  @Test func aSessionBesideOffersItsReferences() throws {
    let folder = try TemporaryFolder()
    try record("old", in: folder.path)
    let found = SharedReferences.beside(folder.path + "/new", facts: Self.facts())
    // Steps 1 and 2 visit prompts 1 and 2 with the references −10.3 and −3 of their responses 0 and 1, and prompt 0
    // with −1/3 and −2/3 of its responses 1 and 2.
    let expected: [ResumePoint.Reference] = [
      .init(prompt: 0, response: 1, logProb: -1 / 3.0), .init(prompt: 0, response: 2, logProb: -2 / 3.0),
      .init(prompt: 1, response: 0, logProb: -10.3), .init(prompt: 1, response: 1, logProb: -3),
      .init(prompt: 2, response: 0, logProb: -10.3), .init(prompt: 2, response: 1, logProb: -3),
    ]
    #expect(found.sorted { ($0.prompt, $0.response) < ($1.prompt, $1.response) } == expected)
    // The session itself is not asked; another engine computes other numbers; other texts have other hashes.
    #expect(SharedReferences.beside(folder.path + "/old", facts: Self.facts()).isEmpty)
    #expect(SharedReferences.beside(folder.path + "/new", facts: Self.facts(engine: "other")).isEmpty)
    var other = Self.facts()
    other.tokenHashes = TokenHashes([[TokenHash(prompt: [99], response: [1])]])
    #expect(SharedReferences.beside(folder.path + "/new", facts: other).isEmpty)
  }

  /// Offered values are used only after a step has computed some of them itself, and found the same bits.
  @Test(arguments: [true, false]) func offersAreCheckedBeforeTheyAreTaken(areTrue: Bool) throws {
    let fixture = try LoopFixture(hps: .sample)
    let first = EventLog()
    let expected = try fixture.run(first)
    let offers = expected.flatMap { step in
      step.visits.flatMap { visit in
        visit.scored.map {
          ResumePoint.Reference(
            prompt: visit.prompt, response: $0.response,
            logProb: areTrue ? $0.referenceLogProb : $0.referenceLogProb.nextDown)
        }
      }
    }
    let events = EventLog()
    let loop = try fixture.loop(events)
    loop.offeredReferences = offers
    _ = try loop.run()
    #expect(events.steps == expected)
    let lines = events.all.compactMap { event -> String? in
      if case .log(let line) = event, line.text.contains("reference log-probs") { line.text } else { nil }
    }
    #expect(lines.count == 1)
    #expect(lines.first?.contains(areTrue ? "are known from other sessions" : "are not used") == true)
  }
}
