import Device

/// The cases of `Instruction`. A new one compiles when it has a name here and a twin in `InstructionTwins`.
enum InstructionKind: CaseIterable, Sendable {
  case embed, copy, clear, project, norm, normBackward, normAdd, normAddBackward, headNorm, headNormBackward, linear,
    gate, attention, attentionBackward, logProbs, logProbsBackward, softCapLogits, weightGradient, packAdapter,
    cachePrompt, cachedAttention

  init(_ instruction: Instruction) {
    self =
      switch instruction {
      case .embed: .embed
      case .copy: .copy
      case .clear: .clear
      case .project: .project
      case .norm: .norm
      case .normBackward: .normBackward
      case .normAdd: .normAdd
      case .normAddBackward: .normAddBackward
      case .headNorm: .headNorm
      case .headNormBackward: .headNormBackward
      case .linear: .linear
      case .gate: .gate
      case .attention: .attention
      case .attentionBackward: .attentionBackward
      case .logProbs: .logProbs
      case .logProbsBackward: .logProbsBackward
      case .softCapLogits: .softCapLogits
      case .weightGradient: .weightGradient
      case .packAdapter: .packAdapter
      case .cachePrompt: .cachePrompt
      case .cachedAttention: .cachedAttention
      }
  }
}

/// An instruction with operands of an awkward shape, and what has to run before or after it.
struct Twin {
  let name: String
  let steps: (Operands) -> [[Instruction]]

  init(_ name: String, _ instruction: @escaping (Operands) -> Instruction) {
    self.name = name
    steps = { [[instruction($0)]] }
  }

  /// Several steps of instructions that go together.
  static func program(_ name: String, _ steps: @escaping (Operands) -> [[Instruction]]) -> Twin {
    Twin(name: name, steps: steps)
  }

  func named(_ name: String) -> Twin { Twin(name: name, steps: steps) }

  private init(name: String, steps: @escaping (Operands) -> [[Instruction]]) {
    self.name = name
    self.steps = steps
  }
}

enum InstructionTwins {
  static func of(_ kind: InstructionKind) -> [Twin] {
    switch kind {
    case .embed: embed
    case .copy: copy
    case .clear: clear
    case .project: project
    case .norm: norm
    case .normBackward: normBackward
    case .normAdd: normAdd
    case .normAddBackward: normAddBackward
    case .softCapLogits: softCapLogits
    case .headNorm: headNorm + turnedHeadNorms
    case .headNormBackward: headNormBackward
    case .linear: linear + fewRows
    case .gate: gate
    case .attention: attention
    case .attentionBackward: attentionBackward
    case .logProbs: logProbs
    case .logProbsBackward: logProbsBackward
    case .weightGradient: weightGradient
    case .packAdapter: packAdapter
    case .cachePrompt: cachePrompt
    case .cachedAttention: cachedAttention
    }
  }

  /// Runs 0..<8 and 16..<32 of 40 rows.
  static let gaps = RowSpans(covering: [3..<5, 17..<30], rows: 40)
  static let rowSets: [(name: String, rows: RowSpans, total: Int)] = [
    ("odd rows", RowSpans(rows: 13), 13), ("runs of rows", gaps, 40), ("many rows", RowSpans(rows: 88), 88),
  ]

  /// One twin for each set of rows.
  static func each(_ name: String, _ make: @escaping (Operands, RowSpans, Int) -> Instruction) -> [Twin] {
    rowSets.map { set in Twin("\(name), \(set.name)") { make($0, set.rows, set.total) } }
  }
}
