/// An expression with its place in the source.
struct TemplateExpression: Sendable {
  let kind: Kind
  let position: TemplatePosition
  /// Levels of the tree.
  let depth: Int

  init(kind: Kind, position: TemplatePosition) {
    self.kind = kind
    self.position = position
    depth = 1 + kind.depthBelow
  }

  indirect enum Kind: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case name(String)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
    case dict([Pair])
    case attribute(TemplateExpression, String)
    case item(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, start: TemplateExpression?, stop: TemplateExpression?, step: TemplateExpression?)
    case call(TemplateExpression, TemplateArguments)
    case filter(TemplateExpression, TemplateFilterCall)
    case test(TemplateExpression, String, TemplateArguments)
    case not(TemplateExpression)
    case and(TemplateExpression, TemplateExpression)
    case or(TemplateExpression, TemplateExpression)
    case negative(TemplateExpression)
    case positive(TemplateExpression)
    case binary(BinaryOperator, TemplateExpression, TemplateExpression)
    case concatenation([TemplateExpression])
    case comparison(TemplateExpression, [Comparison])
    case conditional(condition: TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
  }

  struct Pair: Sendable {
    let key: TemplateExpression
    let value: TemplateExpression
  }

  struct Comparison: Sendable {
    let operation: ComparisonOperator
    let right: TemplateExpression
  }

  enum BinaryOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case modulo = "%"
    case power = "**"
  }

  enum ComparisonOperator: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case contained = "in"
    case notContained = "not in"
  }
}

extension TemplateExpression.Kind {
  fileprivate var depthBelow: Int {
    switch self {
    case .none, .bool, .int, .float, .string, .name: 0
    case .list(let items), .tuple(let items), .concatenation(let items): deepest(items)
    case .dict(let pairs): deepest(pairs.flatMap { [$0.key, $0.value] })
    case .attribute(let value, _), .not(let value), .negative(let value), .positive(let value): value.depth
    case .item(let left, let right), .and(let left, let right), .or(let left, let right),
      .binary(_, let left, let right):
      max(left.depth, right.depth)
    case .slice(let value, let start, let stop, let step): deepest([value] + [start, stop, step].compactMap(\.self))
    case .call(let value, let arguments), .test(let value, _, let arguments): max(value.depth, arguments.depth)
    case .filter(let value, let filter): max(value.depth, filter.arguments.depth)
    case .comparison(let left, let comparisons): deepest([left] + comparisons.map(\.right))
    case .conditional(let condition, let then, let otherwise):
      deepest([condition, then] + [otherwise].compactMap(\.self))
    }
  }
}

private func deepest(_ expressions: [TemplateExpression]) -> Int { expressions.reduce(0) { max($0, $1.depth) } }

struct TemplateArguments: Sendable {
  var positional: [TemplateExpression] = []
  var keyword: [Keyword] = []

  struct Keyword: Sendable {
    let name: String
    let value: TemplateExpression
  }

  fileprivate var depth: Int { deepest(positional + keyword.map(\.value)) }
}

struct TemplateFilterCall: Sendable {
  let name: String
  let arguments: TemplateArguments
  let position: TemplatePosition
}

struct TemplateStatement: Sendable {
  let kind: Kind
  let position: TemplatePosition

  indirect enum Kind: Sendable {
    case text(String)
    case output(TemplateExpression)
    case forLoop(Loop)
    case condition([Branch], otherwise: [TemplateStatement])
    case set(Target, TemplateExpression)
    case setBlock(Target, [TemplateFilterCall], [TemplateStatement])
    case macro(Macro)
    case filterBlock([TemplateFilterCall], [TemplateStatement])
    case with([Assignment], [TemplateStatement])
    /// `{% generation %}`: marks the assistant's part for masks; renders as its body, in a scope of its own.
    case generation([TemplateStatement])
    case breakLoop
    case continueLoop
  }

  struct Branch: Sendable {
    let condition: TemplateExpression
    let body: [TemplateStatement]
  }

  struct Assignment: Sendable {
    let target: Target
    let value: TemplateExpression
  }

  struct Loop: Sendable {
    let target: Target
    let items: TemplateExpression
    let filter: TemplateExpression?
    let body: [TemplateStatement]
    let otherwise: [TemplateStatement]
  }

  struct Macro: Sendable {
    let name: String
    let parameters: [Parameter]
    let body: [TemplateStatement]
  }

  struct Parameter: Sendable {
    let name: String
    let standard: TemplateExpression?
  }

  indirect enum Target: Sendable {
    case name(String)
    case attribute(String, String)
    case tuple([Target])
  }
}
