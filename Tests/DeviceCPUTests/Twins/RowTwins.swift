import Device

/// Instructions that go row by row.
extension InstructionTwins {
  static let hidden = 35

  /// Two low-rank products of x, side by side in one tensor of an odd width.
  private static func projections(
    _ o: Operands, of inputs: [Tensor], rows: Int
  ) -> [Projection] {
    let u = o.output(rows, 3 * inputs.count, o.type)
    return inputs.enumerated().map { index, x in
      Projection(
        input: x, weight: o.input(3, x.columns, o.type, margin: 0), output: u.columns(3 * index..<3 * index + 3))
    }
  }

  static var embed: [Twin] {
    [ElementType.fp32, .bf16].map { type in
      Twin("embed, \(type) table") { o in
        .embed(
          Embed(
            table: o.input(11, hidden, type), tokens: [3, 0, 10, 10, 7], output: o.output(13, hidden, .fp32)))
      }
    }
  }

  static var copy: [Twin] {
    var twins = each("copy to fp32") { o, rows, total in
      .copy(
        Copy(
          rows: rows, input: o.input(total, hidden, .bf16, defined: rows.ranges),
          output: o.output(total, hidden, .fp32)))
    }
    twins += each("copy with low-rank products") { o, rows, total in
      let output = o.output(total, hidden, o.type)
      return .copy(
        Copy(
          rows: rows, input: o.input(total, hidden, .fp32, defined: rows.ranges), output: output,
          projections: projections(o, of: [output, output], rows: total)))
    }
    return twins
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

  // MARK: Norms

  static var norm: [Twin] {
    var twins = each("norm with low-rank products") { o, rows, total in
      let output = o.output(total, hidden, o.type)
      return .norm(
        Norm(
          rows: rows, input: o.input(total, hidden, .fp32, scale: 3, defined: rows.ranges),
          weight: o.input(1, hidden, .fp32, around: 1), epsilon: 1e-5, normalized: o.output(total, hidden, o.type),
          inverse: o.output(1, total, .fp32), output: output,
          projections: projections(o, of: [output, output], rows: total)))
    }
    twins.append(
      Twin("norm of chosen rows") { o in
        let output = o.output(16, hidden, o.type)
        return .norm(
          Norm(
            rows: RowSpans(rows: 16), input: o.input(40, hidden, .fp32, defined: [2..<3, 9..<10, 30..<34]),
            weight: o.input(1, hidden, .fp32), epsilon: 1e-6, normalized: o.output(16, hidden, o.type),
            inverse: o.output(1, 16, .fp32), output: output,
            projections: projections(o, of: [output], rows: 16), sources: [2, 9, 30, 31, 33]))
      })
    return twins
  }

  static var normBackward: [Twin] {
    var twins = each("norm backward") { o, rows, total in
      let into = o.input(total, hidden, .fp32, defined: rows.ranges)
      let output = o.output(total, hidden, o.type)
      return .normBackward(
        NormBackward(
          rows: rows, gradient: o.input(total, hidden, .fp32, defined: rows.ranges),
          normalized: o.input(total, hidden, o.type, defined: rows.ranges),
          inverse: o.input(1, total, .fp32, around: 2), weight: o.input(1, hidden, .fp32), into: into,
          copy: Copy(
            rows: rows, input: into, output: output, projections: projections(o, of: [output], rows: total))))
    }
    twins.append(
      Twin("norm backward alone") { o in
        .normBackward(
          NormBackward(
            rows: RowSpans(rows: 13), gradient: o.input(13, hidden, .fp32),
            normalized: o.input(13, hidden, o.type), inverse: o.input(1, 13, .fp32, around: 2),
            weight: o.input(1, hidden, .fp32), into: o.input(13, hidden, .fp32), copy: nil))
      })
    return twins
  }

  static var headNorm: [Twin] {
    each("head norm") { o, rows, total in
      .headNorm(
        HeadNorm(
          rows: rows, input: o.input(total, 3 * 10, .fp32, scale: 3, defined: rows.ranges),
          weight: o.input(1, 10, .fp32, around: 1), epsilon: 1e-5, normalized: o.output(total, 30, o.type),
          inverse: o.output(total, 3, .fp32),
          rotation: o.rotation((0..<Int32(total)).map { $0 * 5 % 17 }, dimension: 10),
          output: o.output(total, 30, o.type)))
    }
  }

  static var headNormBackward: [Twin] {
    each("head norm backward, in place") { o, rows, total in
      .headNormBackward(
        HeadNormBackward(
          rows: rows, gradient: o.input(total, 30, o.type, defined: rows.ranges),
          normalized: o.input(total, 30, o.type, defined: rows.ranges),
          inverse: o.input(total, 3, .fp32, around: 2), weight: o.input(1, 10, .fp32)))
    }
  }

  static var gate: [Twin] {
    each("gate") { o, rows, total in
      .gate(
        Gate(
          rows: rows, activation: .silu, gate: o.input(total, hidden, o.type, scale: 8, defined: rows.ranges),
          up: o.input(total, hidden, o.type, defined: rows.ranges), output: o.output(total, hidden, o.type)))
    }
  }
}
