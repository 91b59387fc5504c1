/// The numbers that an option may take, and the words for them. Infinities and NaN are in no range.
public struct NumberRange: Sendable, Equatable {
  struct Bound: Sendable, Equatable {
    var value: Double
    var isIncluded: Bool
  }

  var lower: Bound?
  var upper: Bound?
  /// What follows the words where a value is refused, such as which value is usual.
  var note = ""

  /// Any finite number.
  public static let any = NumberRange()

  public static func from(_ lower: Double) -> NumberRange {
    NumberRange(lower: Bound(value: lower, isIncluded: true))
  }

  public static func above(_ lower: Double) -> NumberRange {
    NumberRange(lower: Bound(value: lower, isIncluded: false))
  }

  /// The same range, ending at `upper`.
  public func to(_ upper: Double) -> NumberRange {
    var range = self
    range.upper = Bound(value: upper, isIncluded: true)
    return range
  }

  /// The same range, ending before `upper`.
  public func below(_ upper: Double) -> NumberRange {
    var range = self
    range.upper = Bound(value: upper, isIncluded: false)
    return range
  }

  public func noting(_ note: String) -> NumberRange {
    var range = self
    range.note = note
    return range
  }

  public func contains(_ value: Double) -> Bool {
    guard value.isFinite else { return false }
    if let lower, value < lower.value || (value == lower.value && !lower.isIncluded) { return false }
    if let upper, value > upper.value || (value == upper.value && !upper.isIncluded) { return false }
    return true
  }

  /// The smallest range that holds both, for a key that several losses read.
  func union(_ other: NumberRange) -> NumberRange {
    func wider(_ a: Bound?, _ b: Bound?, _ isOutside: (Double, Double) -> Bool) -> Bound? {
      guard let a, let b else { return nil }
      if a.value == b.value { return Bound(value: a.value, isIncluded: a.isIncluded || b.isIncluded) }
      return isOutside(a.value, b.value) ? a : b
    }
    return NumberRange(lower: wider(lower, other.lower, <), upper: wider(upper, other.upper, >))
  }
}

// MARK: - Words

extension NumberRange {
  /// Completes "must be …".
  public var words: String {
    let range =
      switch (lower, upper) {
      case (nil, nil): "a finite number"
      case (let lower?, nil):
        "a finite number " + (lower.isIncluded ? "from \(lower.text) on" : "above \(lower.text)")
      case (nil, let upper?): "a finite number " + (upper.isIncluded ? "up to \(upper.text)" : "below \(upper.text)")
      case (let lower?, let upper?):
        if lower.isIncluded {
          "from \(lower.text) to " + (upper.isIncluded ? upper.text : "below \(upper.text)")
        } else {
          "above \(lower.text) and " + (upper.isIncluded ? "at most \(upper.text)" : "below \(upper.text)")
        }
      }
    return note.isEmpty ? range : "\(range) \(note)"
  }

  /// Completes "expected …" where a run file is read, in the words of its other keys.
  public var expectation: String {
    let least = lower.map { $0.isIncluded ? "of at least \($0.text)" : "above \($0.text)" }
    let most = upper.map { $0.isIncluded ? "at most \($0.text)" : "below \($0.text)" }
    switch (least, most) {
    case (nil, nil): return "a number"
    case (let least?, nil): return "a number \(least)"
    case (nil, let most?): return "a number \(upper?.isIncluded == true ? "of " : "")\(most)"
    case (let least?, let most?): return "a number \(least) and \(most)"
    }
  }
}

extension NumberRange.Bound {
  /// 0.5, and 1 rather than 1.0.
  var text: String { value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)" }
}
