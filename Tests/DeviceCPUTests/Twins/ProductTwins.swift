import Device

/// Products with their epilogues, and the gradients and copies of an adapter.
extension InstructionTwins {
  private static func x(_ o: Operands, _ rows: RowSpans, _ total: Int, _ columns: Int) -> Tensor {
    o.input(total, columns, o.type, defined: rows.ranges)
  }

  /// x·wᵀ, and a low-rank term of 3 columns.
  private static func forwardTerms(
    _ o: Operands, _ rows: RowSpans, _ total: Int, columns: Int, weight: ElementType? = nil, depth: Int = hidden
  ) -> [Linear.Term] {
    [
      .forward(x(o, rows, total, depth), o.weight(columns, depth, weight ?? o.type)),
      .forward(x(o, rows, total, 3), o.input(columns, 3, o.type, margin: 0)),
    ]
  }

  /// Σ dy·w over three linears of different widths, and a low-rank term.
  private static func backwardTerms(
    _ o: Operands, _ rows: RowSpans, _ total: Int, columns: Int, weight: ElementType? = nil
  ) -> [Linear.Term] {
    [18, 7, 9].map { .backward(x(o, rows, total, $0), o.weight($0, columns, weight ?? o.type)) } + [
      .backward(x(o, rows, total, 6), o.input(6, columns, o.type, margin: 0))
    ]
  }

  /// As it is, and multiplied.
  static let factors: [(name: String, factor: Float)] = [("", 1), (", times 0.22", 0.22)]

  /// With weights of the compute type, and quantized.
  static var linear: [Twin] { [nil, .int8, .nf4].flatMap { products(weight: $0) } + storedWeights }

  private static func products(weight: ElementType?) -> [Twin] {
    let twins = stores(weight) + gates(weight) + others(weight) + activations(weight)
    return twins.map { twin in weight.map { twin.named("\(twin.name), \($0) weights") } ?? twin }
  }

  private static func others(_ weight: ElementType?) -> [Twin] {
    var twins: [Twin] = []
    for (name, factor) in factors {
      twins += each("add with a bias\(name)") { o, rows, total in
        .linear(
          Linear(
            rows: rows, columns: 23, sums: [forwardTerms(o, rows, total, columns: 23, weight: weight)],
            epilogue: .add(
              o.input(total, 23, .fp32, defined: rows.ranges), factor: factor, bias: o.input(1, 23, .fp32))))
      }
    }
    twins += each("rotate with a bias") { o, rows, total in
      .linear(
        Linear(
          rows: rows, columns: 30, unit: 10, sums: [forwardTerms(o, rows, total, columns: 30, weight: weight)],
          epilogue: .rotate(
            o.output(total, 30, o.type), o.rotation((0..<Int32(total)).map { $0 * 5 % 17 }, dimension: 10),
            headDimension: 10, bias: o.input(1, 30, .fp32))))
    }
    twins.append(
      .program("products and gradients beside each other") { o in
        let (rows, total) = (gaps, 40)
        let gradient = WeightGradient(
          x(o, rows, total, 6), x(o, rows, total, hidden), rows: rows,
          into: .rows(o.input(6, hidden, .fp32, margin: 0), scale: nil))
        let products = [23, 150].map { columns in
          Instruction.linear(
            Linear(
              rows: rows, columns: columns, sums: [forwardTerms(o, rows, total, columns: columns, weight: weight)],
              epilogue: .store(o.output(total, columns, o.type))))
        }
        return [products + [.weightGradient(gradient)]]
      })
    return twins
  }

  private static func stores(_ weight: ElementType?) -> [Twin] {
    var twins = [ElementType.fp32, .bf16].flatMap { output in
      each("store \(output) with a bias") { o, rows, total in
        .linear(
          Linear(
            rows: rows, columns: 23, sums: [forwardTerms(o, rows, total, columns: 23, weight: weight)],
            epilogue: .store(
              o.output(total, 23, output == .fp32 ? .fp32 : o.type), bias: o.input(1, 23, .fp32))))
      }
    }
    twins += each("store the gradient of several linears") { o, rows, total in
      .linear(
        Linear(
          rows: rows, columns: hidden, sums: [backwardTerms(o, rows, total, columns: hidden, weight: weight)],
          epilogue: .store(o.output(total, hidden, .fp32))))
    }
    return twins
  }

  private static var storedWeights: [Twin] {
    var twins = each("weights as stored, in bf16") { o, rows, total in
      .linear(
        Linear(
          rows: rows, columns: 23, sums: [forwardTerms(o, rows, total, columns: 23, weight: .bf16)],
          epilogue: .store(o.output(total, 23, o.type))))
    }
    twins += each("weights as stored, backward") { o, rows, total in
      .linear(
        Linear(
          rows: rows, columns: 150, sums: [backwardTerms(o, rows, total, columns: 150, weight: .bf16)],
          epilogue: .store(o.output(total, 150, o.type))))
    }
    return twins
  }

  static let functions: [GateFunction] = [.silu, .geluTanh, .gelu]

  private static func gates(_ weight: ElementType?) -> [Twin] {
    var twins = functions.flatMap { function in
      [true, false].flatMap { keeps in
        each(keeps ? "\(function) gate that is kept, with biases" : "\(function) gate") { o, rows, total in
          let h = x(o, rows, total, hidden)
          let sums = (0..<2).map { _ in
            [
              Linear.Term.forward(h, o.weight(21, hidden, weight ?? o.type)),
              .forward(x(o, rows, total, 3), o.input(21, 3, o.type, margin: 0)),
            ]
          }
          func kept() -> Tensor? { keeps ? o.output(total, 21, o.type) : nil }
          func bias() -> Tensor? { keeps ? o.input(1, 21, .fp32) : nil }
          return .linear(
            Linear(
              rows: rows, columns: 21, sums: sums,
              epilogue: .gate(
                o.output(total, 21, o.type), function, gate: kept(), up: kept(), gateBias: bias(), upBias: bias())))
        }
      }
    }
    twins += functions.flatMap { function in
      each("\(function) gate backward, in place") { o, rows, total in
        .linear(
          Linear(
            rows: rows, columns: 21, sums: [backwardTerms(o, rows, total, columns: 21, weight: weight)],
            epilogue: .gateBackward(
              function, gate: o.input(total, 21, o.type, scale: 4, defined: rows.ranges), up: x(o, rows, total, 21),
              output: o.output(total, 21, o.type))))
      }
    }
    return twins
  }

  /// MLPs without a gate.
  private static func activations(_ weight: ElementType?) -> [Twin] {
    var twins: [Twin] = []
    for function in functions {
      for keeps in [true, false] {
        twins += each("\(function)\(keeps ? " of what is kept, with a bias" : "")") { o, rows, total in
          .linear(
            Linear(
              rows: rows, columns: 21, sums: [forwardTerms(o, rows, total, columns: 21, weight: weight)],
              epilogue: .activate(
                o.output(total, 21, o.type), function, kept: keeps ? o.output(total, 21, o.type) : nil,
                bias: keeps ? o.input(1, 21, .fp32) : nil)))
        }
      }
      twins += each("\(function) backward, in place") { o, rows, total in
        .linear(
          Linear(
            rows: rows, columns: 21, sums: [backwardTerms(o, rows, total, columns: 21, weight: weight)],
            epilogue: .activateBackward(
              function, kept: o.input(total, 21, o.type, scale: 4, defined: rows.ranges),
              output: o.output(total, 21, o.type))))
      }
    }
    return twins
  }

  // MARK: Few rows

  static var fewRows: [Twin] {
    let dense = fewRows(weight: nil, depth: hidden)
    // Rows of NF4 that are whole blocks, and rows that are not.
    let quantized = [ElementType.int8, .nf4].flatMap { type in
      [hidden, 192].flatMap { depth in
        fewRows(weight: type, depth: depth).map { $0.named("\($0.name), \(depth) of \(type) weights") }
      }
    }
    return dense + quantized
  }

  private static func fewRows(weight: ElementType?, depth: Int) -> [Twin] {
    func few(
      _ o: Operands, columns: Int, unit: Int = 1, sums: Int = 1, stored: ElementType? = nil, _ epilogue: Epilogue
    ) -> Instruction {
      let rows = RowSpans(rows: 5)
      let terms = (0..<sums).map { _ in forwardTerms(o, rows, 5, columns: columns, weight: stored ?? weight, depth: depth) }
      return .linear(
        Linear(rows: rows, columns: columns, unit: unit, sums: terms, epilogue: epilogue, fewRows: true))
    }
    var twins = [
      Twin.program("few rows: queries, keys and values together") { o in
        let rotation = o.rotation([4, 4, 4, 4, 4], dimension: 10)
        return [
          [
            few(
              o, columns: 30, unit: 10,
              .rotate(o.output(5, 30, o.type), rotation, headDimension: 10, bias: o.input(1, 30, .fp32))),
            few(o, columns: 10, unit: 10, .rotate(o.output(5, 10, o.type), rotation, headDimension: 10)),
            few(
              o, columns: 20, unit: 10,
              .rotate(o.output(5, 20, o.type), o.rotation([2, 0, 2, 2, 1], dimension: 6), headDimension: 10)),
            few(o, columns: 10, unit: 10, .store(o.output(5, 10, .fp32), bias: o.input(1, 10, .fp32))),
          ]
        ]
      },
      Twin("few rows: store") { o in few(o, columns: 301, .store(o.output(5, 301, o.type))) },
      Twin("few rows: weights as stored") { o in
        few(o, columns: 301, stored: weight ?? .bf16, .store(o.output(5, 301, .fp32)))
      },
    ]
    twins += factors.map { name, factor in
      Twin("few rows: add\(name)") { o in
        few(o, columns: 23, .add(o.input(5, 23, .fp32), factor: factor, bias: o.input(1, 23, .fp32)))
      }
    }
    twins += functions.map { function in
      Twin("few rows: \(function) gate") { o in
        few(
          o, columns: 121, sums: 2,
          .gate(
            o.output(5, 121, o.type), function, gate: nil, up: nil, gateBias: o.input(1, 121, .fp32),
            upBias: o.input(1, 121, .fp32)))
      }
    }
    twins += functions.map { function in
      Twin("few rows: \(function)") { o in
        few(o, columns: 121, .activate(o.output(5, 121, o.type), function, kept: nil, bias: o.input(1, 121, .fp32)))
      }
    }
    return twins
  }

  // MARK: The adapter

  static var weightGradient: [Twin] {
    rowSets.filter { $0.total % 2 == 0 }.flatMap { set in
      [
        Twin("rows, \(set.name)") { o in
          .weightGradient(
            WeightGradient(
              x(o, set.rows, set.total, 9), x(o, set.rows, set.total, hidden), rows: set.rows,
              into: .rows(o.input(9, hidden, .fp32, margin: 0), scale: nil)))
        },
        Twin("rows times a weight, \(set.name)") { o in
          .weightGradient(
            WeightGradient(
              x(o, set.rows, set.total, 16), x(o, set.rows, set.total, 150), rows: set.rows,
              into: .rows(o.input(16, 150, .fp32), scale: o.input(1, 150, .fp32))))
        },
        Twin("rows of a norm with a bias, \(set.name)") { o in
          .weightGradient(
            WeightGradient(
              x(o, set.rows, set.total, 16), x(o, set.rows, set.total, 250), rows: set.rows,
              into: .rows(
                o.input(16, 250, .fp32), scale: o.input(1, 250, .fp32), bias: o.input(1, 250, .fp32))))
        },
        Twin("columns, \(set.name)") { o in
          .weightGradient(
            WeightGradient(
              x(o, set.rows, set.total, 3), x(o, set.rows, set.total, 70), rows: set.rows,
              into: .columns(o.input(70, 3, .fp32, margin: 0), factor: 0.75)))
        },
      ]
    }
  }

  static var packAdapter: [Twin] {
    [
      Twin("two factors") { o in
        let factors = [(19, 23), (35, 8)].map { inputs, outputs in
          PackAdapter.Factor(
            down: o.input(3, inputs, .fp32, margin: 0), up: o.input(outputs, 3, .fp32, margin: 0),
            packedDown: o.output(3, inputs, o.type, margin: 0), packedUp: o.output(outputs, 3, o.type, margin: 0),
            packedUpTransposed: o.output(3, outputs, o.type, margin: 0))
        }
        return .packAdapter(PackAdapter(factors: factors, scale: 1.75))
      }
    ]
  }
}
