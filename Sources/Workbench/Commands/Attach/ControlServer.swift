import CTerminal
import Control
import Dispatch
import Foundation
import Session
import Synchronization
import Training
import WorkbenchScreen

/// The side of the trainer's process: decides who holds the controls and takes the holder's commands.
///
/// One screen at most holds them: the process's own, if it has one, to begin with. Whoever asks gets them at once where
/// nobody holds them; otherwise the holder is asked and may keep them, and without an answer they go over, so that a
/// terminal that somebody walked away from locks nobody out.
final class ControlServer: Sendable {
  /// How long the holder has to answer, seconds.
  static let patience = 10.0
  private static let mostScreens = 16

  private enum Party: Equatable, Sendable {
    case ownScreen
    /// By the connection's descriptor.
    case screen(Int32)
  }

  private struct State {
    var holder: Party?
    var asking: Party?
    /// Grows with every question, so that a late timer of an old one does nothing.
    var question = 0
    var names: [Int32: String] = [:]
    var isClosed = false
  }

  static let ownName = "the training screen"

  private let folder: String
  private let listener: Int32
  /// The socket's file. Another session may lie in the folder by the time this run ends, with a socket of its own.
  private let socket: FileIdentity.Found
  private let send: @Sendable (CommandRequest) -> Void
  private let tellOwnScreen: (@Sendable (ControlsNews) -> Void)?
  private let state: Mutex<State>

  /// - Parameters:
  ///   - folder: the session's.
  ///   - ownScreen: called with news for this process's own screen; nil where it has none.
  ///   - send: called with every command of a holder; must not block.
  /// - Throws: `ControlSocket.Problem`.
  init(
    folder: String, ownScreen: (@Sendable (ControlsNews) -> Void)?,
    send: @escaping @Sendable (CommandRequest) -> Void
  ) throws {
    self.folder = folder
    self.send = send
    tellOwnScreen = ownScreen
    state = Mutex(State(holder: ownScreen == nil ? nil : .ownScreen))
    listener = try ControlSocket.listen(folder: folder)
    socket = FileIdentity.at(folder + "/" + ControlSocket.name)
    Thread.detachNewThread { [self] in accept() }
  }

  /// The server of a session that this process writes; nil, with a warning in the run's log, where there can be none.
  static func start(
    folder: String, ownScreen: (@Sendable (ControlsNews) -> Void)? = nil,
    send: @escaping @Sendable (CommandRequest) -> Void
  ) -> ControlServer? {
    do {
      return try ControlServer(folder: folder, ownScreen: ownScreen, send: send)
    } catch {
      // The run goes on; it can be followed but not steered from another screen.
      ExitStatus.write("warning: no commands from other screens: \(error)")
      return nil
    }
  }

  func close() {
    state.withLock { state in
      state.isClosed = true
      // Under the lock: a connection's descriptor is closed only after its name was taken out.
      for screen in state.names.keys { ct_socket_hang_up(screen) }
    }
    if socket == FileIdentity.at(folder + "/" + ControlSocket.name) { ControlSocket.remove(folder: folder) }
    ct_socket_hang_up(listener)
  }

  /// What the person at this process's own screen wants.
  func own(_ request: ControlsRequest) {
    switch request {
    case .ask: ask(.ownScreen)
    case .give: answer(.ownScreen, gives: true)
    case .keep: answer(.ownScreen, gives: false)
    }
  }

  // MARK: Connections

  private func accept() {
    while case let connection = ct_socket_accept(listener), connection >= 0 {
      guard let pid = ControlSocket.peer(connection), join(connection, "screen \(pid)") else {
        Foundation.close(connection)
        continue
      }
      Thread.detachNewThread { [self] in serve(connection) }
    }
    Foundation.close(listener)
  }

  private func join(_ connection: Int32, _ name: String) -> Bool {
    let holder = state.withLock { state -> Party?? in
      guard !state.isClosed, state.names.count < Self.mostScreens else { return nil }
      state.names[connection] = name
      return .some(state.holder)
    }
    guard let holder else { return false }
    tell(.screen(connection), ControlsMessage(.elsewhere, name: self.name(holder)))
    return true
  }

  private func serve(_ connection: Int32) {
    let party = Party.screen(connection)
    var number = 0
    ControlSocket.read(connection) { line in
      number += 1
      guard let message = ControlsMessage(line: line) else { return command(line, number, connection) }
      switch message.controls {
      case .ask: ask(party)
      case .give: answer(party, gives: true)
      case .keep: answer(party, gives: false)
      default: break
      }
    }
    leave(connection)
    Foundation.close(connection)
  }

  private func command(_ line: String, _ number: Int, _ connection: Int32) {
    let (holds, name) = state.withLock { ($0.holder == .screen(connection), $0.names[connection] ?? "") }
    do {
      var request = try ControlLine.parse(line, fallbackID: number)
      guard holds else {
        tell(.screen(connection), ControlsMessage(.refused, name: "another screen holds the controls"))
        return
      }
      request.origin = CommandOrigin(rawValue: name)
      send(request)
    } catch {
      tell(.screen(connection), ControlsMessage(.refused, name: "\(error)"))
    }
  }

  private func leave(_ connection: Int32) {
    let party = Party.screen(connection)
    let heir = state.withLock { state -> Party?? in
      state.names[connection] = nil
      if state.asking == party {
        state.asking = nil
        return nil
      }
      guard state.holder == party else { return nil }
      return .some(state.asking ?? (tellOwnScreen == nil ? nil : .ownScreen))
    }
    guard let heir else {
      // Whoever holds the controls need not answer any more.
      if let holder = state.withLock({ $0.asking == nil ? $0.holder : nil }) {
        tell(holder, ControlsMessage(.askedNoMore))
      }
      return
    }
    grant(heir)
  }

  // MARK: Hand-over

  private func ask(_ party: Party) {
    enum Outcome { case granted, kept(Party?), asked(Party, Int), nothing }
    let outcome = state.withLock { state -> Outcome in
      guard state.holder != party, state.asking != party else { return .nothing }
      guard let holder = state.holder else { return .granted }
      guard state.asking == nil else { return .kept(holder) }
      state.asking = party
      state.question += 1
      return .asked(holder, state.question)
    }
    switch outcome {
    case .nothing: break
    case .granted: grant(party)
    case .kept(let holder): tell(party, ControlsMessage(.kept, name: name(holder)))
    case .asked(let holder, let question):
      tell(holder, ControlsMessage(.asked, name: name(party), seconds: Self.patience))
      DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience) { [weak self] in
        guard let self, state.withLock({ $0.asking == party && $0.question == question }) else { return }
        grant(party)
      }
    }
  }

  private func answer(_ party: Party, gives: Bool) {
    let asking = state.withLock { state -> Party? in
      guard state.holder == party, let asking = state.asking else { return nil }
      if !gives { state.asking = nil }
      return asking
    }
    guard let asking else { return }
    if gives { grant(asking) } else { tell(asking, ControlsMessage(.kept, name: name(party))) }
  }

  private func grant(_ party: Party?) {
    let others = state.withLock { state -> [Party] in
      state.holder = party
      state.asking = nil
      return ([.ownScreen] + state.names.keys.map { .screen($0) }).filter { $0 != party }
    }
    if let party { tell(party, ControlsMessage(.here)) }
    for other in others { tell(other, ControlsMessage(.elsewhere, name: name(party))) }
  }

  private func name(_ party: Party?) -> String? {
    switch party {
    case nil: nil
    case .ownScreen: Self.ownName
    case .screen(let connection): state.withLock { $0.names[connection] }
    }
  }

  private func tell(_ party: Party, _ message: ControlsMessage) {
    switch party {
    case .ownScreen: if let news = message.news { tellOwnScreen?(news) }
    case .screen(let connection):
      let line = message.line
      // One that has gone is told nothing: its descriptor's number may be another file's by now.
      state.withLock { if $0.names[connection] != nil { ControlSocket.send(line, to: connection) } }
    }
  }
}

extension ControlsMessage {
  /// What a screen is told; nil for what only screens say.
  var news: ControlsNews? {
    switch controls {
    case .ask, .give, .keep: nil
    case .here: .here
    case .elsewhere: .elsewhere(name)
    case .asked: .asked(by: name ?? "another screen", seconds: seconds ?? ControlServer.patience)
    case .askedNoMore: .askedNoMore
    case .kept: .kept(by: name ?? "the holder")
    case .refused: .unreachable(name ?? "the command was not taken")
    }
  }
}
