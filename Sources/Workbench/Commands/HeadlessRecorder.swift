import Session
import Training

/// What a run without a screen waits for: its record, and its standard output.
final class HeadlessRecorder: RunRecorder {
  private let recorder: SessionRecorder?
  private let output: RunOutput

  init(_ recorder: SessionRecorder?, _ output: RunOutput) {
    self.recorder = recorder
    self.output = output
  }

  func open(_ facts: RunFacts) throws { try recorder?.open(facts) }
  func abandon() { recorder?.abandon() }
  func requireFolder() throws { try recorder?.requireFolder() }
  func knownReferences(_ facts: RunFacts) -> [ResumePoint.Reference] { recorder?.knownReferences(facts) ?? [] }

  var trouble: String? { recorder?.trouble ?? output.trouble }

  func retry() {
    recorder?.retry()
    output.retry()
  }
}
