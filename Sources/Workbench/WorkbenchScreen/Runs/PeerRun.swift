import Dispatch

/// Another session, beside the run on the screen.
public struct PeerRun: Equatable, Sendable {
  /// The session's folder.
  public var path: String
  public var name: String
  /// "finished, HPS-DPO on household-3M, step 200 of 200"
  public var detail: String
  public var kinship: Kinship?

  /// How it is related to the run on the screen, with the step of the fork.
  public enum Kinship: Equatable, Sendable {
    case parent(step: Int)
    case branch(step: Int)

    var text: String {
      switch self {
      case .parent(let step): "parent, forked at \(step); "
      case .branch(let step): "branch from \(step); "
      }
    }
  }

  public init(path: String, name: String, detail: String, kinship: Kinship? = nil) {
    self.path = path
    self.name = name
    self.detail = detail
    self.kinship = kinship
  }
}

/// What of a session is laid over the run's own curves.
public struct PeerCurves: Sendable {
  public struct Point: Sendable {
    public var step: Int
    public var value: Double

    public init(step: Int, value: Double) {
      self.step = step
      self.value = value
    }
  }

  public var loss: [Point]
  public var margin: [Point]
  public var accuracy: [Point]
  /// The paired test over prompts against the run on the screen, in words; nil where there is nothing to compare.
  public var comparison: String?

  public init(loss: [Point], margin: [Point], accuracy: [Point], comparison: String?) {
    self.loss = loss
    self.margin = margin
    self.accuracy = accuracy
    self.comparison = comparison
  }
}

/// Where other sessions are found; read on a thread of its own, never on the screen's.
public protocol PeerSource: Sendable {
  /// The latest first; the run on the screen is not among them.
  func list() -> [PeerRun]
  /// - Throws: an error whose description is one sentence.
  func curves(of path: String) throws -> PeerCurves
  /// Starts a branch of the session on the screen, in the background.
  /// - Returns: its session folder, and its process.
  /// - Throws: an error whose description is one sentence.
  func branch(step: Int, settings: [String]) throws -> (path: String, process: Int)
}

/// What the reader of other sessions has found.
public enum PeerNews: Sendable {
  case list([PeerRun])
  case curves(path: String, PeerCurves)
  case unreadable(path: String, String)
  case branched(path: String, process: Int)
  case notBranched(String)
  /// This screen has no way to other sessions.
  case noSource
}

/// What is asked of it.
public enum PeerRequest: Equatable, Sendable {
  case list
  case curves(String)
  /// Train on from the checkpoint of that step with other settings, `key.path=value` each.
  case branch(step: Int, settings: [String])
}

/// The tab of runs as the screen holds it.
struct PeerBook: Sendable {
  struct Overlay: Sendable {
    var loss = SmoothedSeries()
    var margin = SmoothedSeries()
    var accuracy = SmoothedSeries()
    var comparison: String?
  }

  /// More lines than these cannot be told apart.
  static let most = 6

  /// nil until the list has come.
  var runs: [PeerRun]?
  var selected = 0
  var hasSource = true
  /// The chosen ones, in the order of their colours; nil while the curves are read.
  var overlays: [(path: String, curves: Overlay?)] = []
  /// The parent is laid over the curves unasked, once.
  private var hasOfferedParent = false

  func place(_ path: String) -> Int? { overlays.firstIndex { $0.path == path } }

  mutating func take(_ news: PeerNews) -> String? {
    switch news {
    case .list(let runs):
      let path = self.runs.flatMap { $0.indices.contains(selected) ? $0[selected].path : nil }
      self.runs = runs
      selected = runs.firstIndex { $0.path == path } ?? min(selected, max(0, runs.count - 1))
    case .curves(let path, let curves):
      guard let place = place(path) else { return nil }
      var overlay = Overlay(comparison: curves.comparison)
      for point in curves.loss { overlay.loss.append(step: point.step, point.value) }
      for point in curves.margin { overlay.margin.append(step: point.step, point.value) }
      for point in curves.accuracy { overlay.accuracy.append(step: point.step, point.value) }
      overlays[place].curves = overlay
    case .noSource: hasSource = false
    case .branched(let path, _):
      if place(path) == nil, overlays.count < Self.most { overlays.append((path, nil)) }
    case .notBranched(let why): return why
    case .unreadable(let path, let why):
      overlays.removeAll { $0.path == path }
      return why
    }
    return nil
  }

  /// The parent's curves, when the list has come for the first time: whoever branched wants to see both.
  mutating func offerParent() -> PeerRequest? {
    guard !hasOfferedParent, let runs else { return nil }
    hasOfferedParent = true
    let parent = runs.first { if case .parent? = $0.kinship { true } else { false } }
    guard let parent, overlays.isEmpty else { return nil }
    overlays.append((parent.path, nil))
    return .curves(parent.path)
  }

  /// Lays the selected run over the curves, or takes it off; the request for its curves if they are needed.
  mutating func toggle() -> (request: PeerRequest?, refusal: String?) {
    guard let runs, runs.indices.contains(selected) else { return (nil, "no other session is here") }
    let path = runs[selected].path
    if let place = place(path) {
      overlays.remove(at: place)
      return (nil, nil)
    }
    guard overlays.count < Self.most else { return (nil, "\(Self.most) runs at a time can be told apart") }
    overlays.append((path, nil))
    return (.curves(path), nil)
  }
}

/// Reads other sessions one request after another, away from the screen's thread.
final class PeerReader: Sendable {
  private let source: any PeerSource
  private let post: @Sendable (PeerNews) -> Void
  private let queue = DispatchQueue(label: "workbench.peers", qos: .utility)

  init(_ source: any PeerSource, post: @escaping @Sendable (PeerNews) -> Void) {
    self.source = source
    self.post = post
  }

  func ask(_ request: PeerRequest) {
    queue.async { [source, post] in
      switch request {
      case .list: post(.list(source.list()))
      case .curves(let path):
        do {
          post(.curves(path: path, try source.curves(of: path)))
        } catch {
          post(.unreadable(path: path, "\(error)"))
        }
      case .branch(let step, let settings):
        do {
          let (path, process) = try source.branch(step: step, settings: settings)
          post(.branched(path: path, process: process))
          post(.list(source.list()))
        } catch {
          post(.notBranched("\(error)"))
        }
      }
    }
  }
}
