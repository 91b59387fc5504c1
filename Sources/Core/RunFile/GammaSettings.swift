import Preference

extension RunFile {
  /// `preference.gamma:`, the plan for the hardness γ of HPS (Eq. 7) over a run.
  public typealias GammaSettings = GammaSchedule

  enum GammaScheduleName: String, CaseIterable {
    case staircase
    case staircaseReference = "staircase_reference"
    case linear, constant, piecewise

    /// The keys this schedule reads.
    var keys: [String] {
      switch self {
      case .staircase, .staircaseReference: ["start", "end", "stairs"]
      case .linear: ["start", "end"]
      case .constant: ["value"]
      case .piecewise: ["points"]
      }
    }
  }
}

extension RunFile.GammaSettings {
  /// A section, or a bare number for a constant γ.
  init(_ value: ConfigValue?, path: [String], origin: ConfigOrigin) throws {
    guard let value, value != .null else {
      self = .standard
      return
    }
    if case .scalar(let text, _) = value, NumberText.double(text) != nil {
      let section = try ConfigSection(nil, path: path, keys: RunFileKeys.gamma, origin: origin)
      self = .constant(try section.number(value, at: path, "a number"))
      return
    }
    let section = try ConfigSection(value, path: path, keys: RunFileKeys.gamma, origin: origin)
    let name = try section.choice("schedule", default: RunFile.GammaScheduleName.staircase)
    for key in RunFileKeys.gamma where key != "schedule" && section.has(key) && !name.keys.contains(key) {
      let reads = name.keys.joined(separator: ", ")
      throw section.error(key, "is not used by schedule \(name.rawValue), which reads \(reads)")
    }
    let start = try section.number("start", default: -5)
    let end = try section.number("end", default: 5)
    let stairs = try section.integer("stairs", default: 5, in: 1...10_000)
    switch name {
    case .staircase: self = .staircase(start: start, end: end, stairs: stairs)
    case .staircaseReference: self = .staircaseReference(start: start, end: end, stairs: stairs)
    case .linear: self = .linear(start: start, end: end)
    case .constant:
      guard section.has("value") else { throw section.error("value", "missing; schedule constant needs it") }
      self = .constant(try section.number("value", default: 0))
    case .piecewise:
      self = .piecewise(try Self.points(of: section))
    }
  }

  private static func points(of section: ConfigSection) throws -> [Point] {
    let example = "a list of [fraction, γ] such as [[0, -5], [0.5, 0], [1, 5]]"
    guard let value = section["points"] else {
      throw section.error("points", "missing; schedule piecewise needs \(example)")
    }
    guard case .list(let items) = value, !items.isEmpty else {
      throw section.error("points", "\(value == .list([]) ? "an empty list" : value.phrase) is not \(example)")
    }
    var points: [Point] = []
    for (index, item) in items.enumerated() {
      let path = section.path + ["points", String(index)]
      guard case .list(let pair) = item, pair.count == 2 else {
        throw section.origin.error(path, "\(item.phrase) is not a pair [fraction, γ]")
      }
      let fraction = try section.number(pair[0], at: path + ["0"], "a fraction of the run from 0 to 1") {
        $0 >= 0 && $0 <= 1
      }
      if let last = points.last, fraction < last.fraction {
        throw section.origin.error(path, "fraction \(fraction) comes before the last point's \(last.fraction)")
      }
      points.append(Point(fraction: fraction, value: try section.number(pair[1], at: path + ["1"], "a number")))
    }
    return points
  }

  func write(to writer: inout ConfigWriter) {
    writer.section("gamma") { writer in
      switch self {
      case .staircase(let start, let end, let stairs), .staircaseReference(let start, let end, let stairs):
        let name: RunFile.GammaScheduleName = if case .staircase = self { .staircase } else { .staircaseReference }
        writer.value("schedule", name.rawValue)
        writer.value("start", start)
        writer.value("end", end)
        writer.value("stairs", stairs)
      case .linear(let start, let end):
        writer.value("schedule", "linear")
        writer.value("start", start)
        writer.value("end", end)
      case .constant(let value):
        writer.value("schedule", "constant")
        writer.value("value", value)
      case .piecewise(let points):
        writer.value("schedule", "piecewise")
        writer.value("points", points.map { [$0.fraction, $0.value] })
      }
    }
  }
}
