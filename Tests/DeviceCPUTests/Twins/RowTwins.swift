import Device

/// Instructions that go row by row.
extension InstructionTwins {
  static let hidden = 35

  /// Two low-rank products of x, side by side in one tensor of an odd width.
  static func projections(
    _ o: Operands, of inputs: [Tensor], rows: Int
  ) -> [Projection] {
    let u = o.output(rows, 3 * inputs.count, o.type)
    return inputs.enumerated().map { index, x in
      Projection(
        input: x, weight: o.input(3, x.columns, o.type, margin: 0), output: u.columns(3 * index..<3 * index + 3))
    }
  }

  static var embed: [Twin] {
    [ElementType.fp32, .bf16].flatMap { type in
      [Float(1), 25.25].flatMap { factor in
        [
          Twin("embed, \(type) tables, times \(factor), with positions") { o in
            .embed(
              Embed(
                table: o.input(11, hidden, type), tokens: [3, 0, 10, 10, 7], factor: factor,
                positions: Embed.Positions(table: o.input(6, hidden, type), rows: [0, 1, 5, 0, 1]),
                output: o.output(13, hidden, .fp32)))
          },
          Twin("embed, \(type) table, times \(factor)") { o in
            .embed(
              Embed(
                table: o.input(11, hidden, type), tokens: [3, 0, 10, 10, 7], factor: factor,
                output: o.output(13, hidden, .fp32)))
          },
        ]
      }
    }
  }

  static var copy: [Twin] {
    factors.flatMap { name, factor in
      each("copy to fp32\(name)") { o, rows, total in
        .copy(
          Copy(
            rows: rows, input: o.input(total, hidden, .bf16, defined: rows.ranges), factor: factor,
            output: o.output(total, hidden, .fp32)))
      }
        + each("copy with low-rank products\(name)") { o, rows, total in
          let output = o.output(total, hidden, o.type)
          return .copy(
            Copy(
              rows: rows, input: o.input(total, hidden, .fp32, defined: rows.ranges), factor: factor, output: output,
              projections: projections(o, of: [output, output], rows: total)))
        }
    }
  }

  static var clear: [Twin] {
    [ElementType.fp32, .bf16].map { type in
      Twin("clear, \(type)") { o in .clear(o.output(13, hidden, type)) }
    }
  }

  static var project: [Twin] {
    each("project") { o, rows, total in
      let inputs = [hidden, 14].map { o.input(total, $0, o.type, defined: rows.ranges) }
      return .project(Project(rows: rows, projections(o, of: inputs, rows: total)))
    }
  }

  static var gate: [Twin] {
    let alone = functions.flatMap { function in
      each("\(function) without a gate") { o, rows, total in
        .gate(
          Gate(
            rows: rows, activation: function, gate: o.input(total, hidden, o.type, scale: 8, defined: rows.ranges),
            up: nil, output: o.output(total, hidden, o.type)))
      }
    }
    return alone
      + functions.flatMap { function in
        each("\(function) gate") { o, rows, total in
          .gate(
            Gate(
              rows: rows, activation: function, gate: o.input(total, hidden, o.type, scale: 8, defined: rows.ranges),
              up: o.input(total, hidden, o.type, defined: rows.ranges), output: o.output(total, hidden, o.type)))
        }
      }
  }
}
