/// The losses that a run file may name, in the order in which they are listed. A value: a program or a test that brings
/// losses of its own hands its registry to `RunFile.read`.
public struct LossRegistry: Sendable {
  /// The losses of this program.
  public static let standard = LossRegistry([
    .dpo, .exo, .ipo, .sppo, .nca, .infonca, .cdpo, .robust, .rdpo, .simpo, .slic, .hinge, .lipo, .pro, .kto, .apoZero,
    .dpop,
  ])

  public let losses: [Parameterization]
  /// Every option that at least one loss reads, in the order of the run file: as the losses list them, and an option of
  /// one loss before those that follow it there.
  public let options: [RegisteredOption]

  /// Two losses of one name, or one key for a number and for a word, are mistakes of the program.
  public init(_ losses: [Parameterization]) {
    var options: [RegisteredOption] = []
    var names: Set<String> = []
    for parameterization in losses {
      precondition(
        names.insert(parameterization.rawValue).inserted, "two losses are named \(parameterization.rawValue)")
      let own = parameterization.loss.options
      for (position, option) in own.enumerated() {
        if let known = options.firstIndex(where: { $0.key == option.key }) {
          options[known].add(option, of: parameterization)
        } else {
          let later = Set(own[(position + 1)...].map(\.key))
          let place = options.firstIndex { later.contains($0.key) } ?? options.endIndex
          options.insert(RegisteredOption(option, of: parameterization), at: place)
        }
      }
    }
    self.losses = losses
    self.options = options
  }

  /// This registry and one loss more.
  public func adding(_ loss: some PreferenceLoss) -> LossRegistry { LossRegistry(losses + [Parameterization(loss)]) }

  /// This registry, and the loss if it is not in it.
  func including(_ loss: Parameterization) -> LossRegistry {
    losses.contains(loss) ? self : LossRegistry(losses + [loss])
  }

  public var names: [String] { losses.map(\.rawValue) }

  public subscript(name: String) -> Parameterization? { losses.first { $0.rawValue == name } }

  /// The loss of an objective by its name: "HPS-DPO", as records hold it.
  public func loss(ofObjective name: String) -> Parameterization? {
    guard let dash = name.firstIndex(of: "-") else { return nil }
    return self[name[name.index(after: dash)...].lowercased()]
  }
}

extension LossRegistry: Equatable {
  public static func == (a: LossRegistry, b: LossRegistry) -> Bool { a.losses == b.losses }
}

/// An option as all losses of a registry declare it.
public struct RegisteredOption: Sendable {
  public let key: String
  /// The values that at least one of the losses takes.
  public private(set) var kind: Kind
  /// Who reads it.
  public private(set) var readers: [Parameterization]
  /// See `LossOption.sharedKey`.
  public let sharedKey: LossOption.SharedKey?

  public enum Kind: Sendable, Equatable {
    case number(NumberRange)
    case word([String])
  }

  init(_ option: LossOption, of loss: Parameterization) {
    key = option.key
    sharedKey = option.sharedKey
    readers = [loss]
    kind =
      switch option.kind {
      case .number(let range, _): .number(range)
      case .word(let words, _): .word(words)
      }
  }

  mutating func add(_ option: LossOption, of loss: Parameterization) {
    precondition(option.sharedKey == sharedKey, "\(key) has a key of its own for one loss and not for another")
    readers.append(loss)
    switch (kind, option.kind) {
    case (.number(let range), .number(let other, _)): kind = .number(range.union(other))
    case (.word(let words), .word(let others, _)): kind = .word(words + others.filter { !words.contains($0) })
    default: preconditionFailure("\(key) is a number for one loss and a word for another")
    }
  }
}
