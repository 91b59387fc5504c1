import ArgumentParser
import Foundation
import Session
import Synchronization
import WorkbenchScreen

struct AttachCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attach", abstract: "Follow a run that another process trains; L asks for its controls.",
    discussion: """
      The screen is that of the run itself, read from its record, a fraction of a second behind. It changes nothing \
      until the controls are given to it. Leaving it leaves the run alone.
      """)

  @Argument(help: "A session folder, or its name in sessions/.")
  var session: String

  @OptionGroup var appearance: AppearanceOptions

  func run() throws {
    let session = SessionChoice.existing(session)
    let look = try appearance.options()
    guard RunScreen.isPossible else {
      throw UsageError("attach needs a terminal; `workbench sessions show` prints what a session holds")
    }
    try ThreadSupply.require(pool: 0)
    let reader = try Self.reader(session)
    switch try reader.status() {
    case .live: break
    case .crashed:
      throw UsageError(
        "\(session): its process died; workbench resume goes on from the last checkpoint, workbench replay shows it")
    case .finished, .stopped:
      throw UsageError("\(session): the run is over, nothing is training; workbench replay shows it")
    }
    let box = Mutex<ScreenSession?>(nil)
    let client = ControlClient(folder: session) { news in box.withLock { $0 }?.post(news) }
    let screen = try ScreenSession(
      options: look, source: .follower(SessionHistory(reader: reader), origin: ControlClient.origin),
      peers: SessionPeers(session: session),
      controls: { client.send($0) }, send: { client.send($0) })
    box.withLock { $0 = screen }
    let follower = Follower(reader: reader, screen: screen, client: client)
    follower.start()
    let exit = try screen.run()
    follower.stop()
    box.withLock { $0 = nil }
    if case .signal = exit { throw ExitCode(ExitStatus.interrupted.rawValue) }
  }

  /// The session's reader; waits for a run that is only beginning, which ends with its process if not before.
  private static func reader(_ session: String) throws -> SessionReader {
    while true {
      do { return try SessionReader(folder: session) } catch SessionError.beginning { usleep(20_000) }
    }
  }
}
