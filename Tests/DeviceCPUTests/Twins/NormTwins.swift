import Device

/// Norms of rows and of heads, forward and backward.
extension InstructionTwins {
  private static let roundings: [(name: String, rounding: NormRounding)] = [("", .twice), (" that rounds once", .once)]

  /// Around 5, where a mean must come off before squares are summed.
  private static func layerNorm(_ o: Operands, rows: RowSpans, total: Int, bias: Bool, rounding: NormRounding) -> Norm {
    let output = o.output(total, hidden, o.type)
    return Norm(
      rows: rows, input: o.input(total, hidden, .fp32, scale: 3, around: 5, defined: rows.ranges),
      weight: o.input(1, hidden, .fp32, around: 1), kind: .layer(bias: bias ? o.input(1, hidden, .fp32) : nil),
      epsilon: 1e-5, normalized: o.output(total, hidden, o.type), inverse: o.output(1, total, .fp32), output: output,
      projections: projections(o, of: [output, output], rows: total), rounding: rounding)
  }

  private static var layerNorms: [Twin] {
    var twins = [("LayerNorm", true, NormRounding.once), ("LayerNorm without a bias", false, .twice)].flatMap {
      name, bias, rounding in
      each(name) { o, rows, total in
        .norm(layerNorm(o, rows: rows, total: total, bias: bias, rounding: rounding))
      }
    }
    twins.append(
      Twin("LayerNorm of chosen rows") { o in
        var norm = layerNorm(o, rows: RowSpans(rows: 16), total: 16, bias: true, rounding: .once)
        norm.input = o.input(40, hidden, .fp32, around: 5, defined: [2..<3, 9..<10, 30..<34])
        norm.sources = [2, 9, 30, 31, 33]
        return .norm(norm)
      })
    return twins
  }

  static var norm: [Twin] {
    var twins = layerNorms
    twins += roundings.flatMap { name, rounding in
      each("norm\(name) with low-rank products") { o, rows, total in
        let output = o.output(total, hidden, o.type)
        return .norm(
          Norm(
            rows: rows, input: o.input(total, hidden, .fp32, scale: 3, defined: rows.ranges),
            weight: o.input(1, hidden, .fp32, around: 1), epsilon: 1e-5, normalized: o.output(total, hidden, o.type),
            inverse: o.output(1, total, .fp32), output: output,
            projections: projections(o, of: [output, output], rows: total), rounding: rounding))
      }
    }
    twins += roundings.map { name, rounding in
      Twin("norm\(name) of chosen rows") { o in
        let output = o.output(16, hidden, o.type)
        return .norm(
          Norm(
            rows: RowSpans(rows: 16), input: o.input(40, hidden, .fp32, defined: [2..<3, 9..<10, 30..<34]),
            weight: o.input(1, hidden, .fp32), epsilon: 1e-6, normalized: o.output(16, hidden, o.type),
            inverse: o.output(1, 16, .fp32), output: output,
            projections: projections(o, of: [output], rows: 16), sources: [2, 9, 30, 31, 33], rounding: rounding))
      }
    }
    return twins
  }

  static var normBackward: [Twin] {
    var twins = each("LayerNorm backward") { o, rows, total in
      .normBackward(
        NormBackward(
          rows: rows, isCentered: true, gradient: o.input(total, hidden, .fp32, around: 1, defined: rows.ranges),
          normalized: o.input(total, hidden, o.type, defined: rows.ranges),
          inverse: o.input(1, total, .fp32, around: 2), weight: o.input(1, hidden, .fp32, around: 1),
          into: o.input(total, hidden, .fp32, defined: rows.ranges), copy: nil))
    }
    twins += factors.flatMap { name, factor in
      each("norm backward with a copy\(name)") { o, rows, total in
        let into = o.input(total, hidden, .fp32, defined: rows.ranges)
        let output = o.output(total, hidden, o.type)
        return .normBackward(
          NormBackward(
            rows: rows, gradient: o.input(total, hidden, .fp32, defined: rows.ranges),
            normalized: o.input(total, hidden, o.type, defined: rows.ranges),
            inverse: o.input(1, total, .fp32, around: 2), weight: o.input(1, hidden, .fp32), into: into,
            copy: Copy(
              rows: rows, input: into, factor: factor, output: output,
              projections: projections(o, of: [output], rows: total))))
      }
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

  static var normAdd: [Twin] {
    roundings.flatMap { name, rounding in
      each("norm\(name), added") { o, rows, total in
        .normAdd(
          NormAdd(
            rows: rows, input: o.input(total, hidden, .fp32, scale: 3, defined: rows.ranges),
            weight: o.input(1, hidden, .fp32, around: 1), epsilon: 1e-5, normalized: o.output(total, hidden, o.type),
            inverse: o.output(1, total, .fp32), rounding: rounding,
            into: o.input(total, hidden, .fp32, defined: rows.ranges)))
      }
    }
  }

  static var normAddBackward: [Twin] {
    each("norm that was added, backward") { o, rows, total in
      let output = o.output(total, hidden, o.type)
      return .normAddBackward(
        NormAddBackward(
          rows: rows, gradient: o.input(total, hidden, .fp32, defined: rows.ranges),
          normalized: o.input(total, hidden, o.type, defined: rows.ranges),
          inverse: o.input(1, total, .fp32, around: 2), weight: o.input(1, hidden, .fp32), output: output,
          projections: projections(o, of: [output, output], rows: total)))
    }
  }

  // MARK: Heads

  /// Three heads of 10 columns: the columns that share a norm, and whether they turn.
  private static let headNorms: [(name: String, span: Int, turns: Bool, rounding: NormRounding)] = [
    ("head norm", 10, true, .twice), ("head norm that rounds once", 10, true, .once),
    ("head norm without a rotation", 10, false, .twice), ("one norm over all heads", 30, true, .once),
    ("one norm over all heads, without a rotation", 30, false, .once),
  ]

  static var headNorm: [Twin] {
    headNorms.flatMap { name, span, turns, rounding in
      each(name) { o, rows, total in
        let rotation = turns ? o.rotation((0..<Int32(total)).map { $0 * 5 % 17 }, dimension: 10) : nil
        return .headNorm(
          HeadNorm(
            rows: rows, input: o.input(total, 3 * 10, .fp32, scale: 3, defined: rows.ranges),
            weight: o.input(1, span, .fp32, around: 1), epsilon: 1e-5, normalized: o.output(total, 30, o.type),
            inverse: o.output(total, 30 / span, .fp32), rotation: rotation, headDimension: 10, rounding: rounding,
            output: o.output(total, 30, o.type)))
      }
    }
  }

  static var headNormBackward: [Twin] {
    [(10, "of every head"), (30, "over all heads")].flatMap { span, name in
      each("norm \(name) backward, in place") { o, rows, total in
        .headNormBackward(
          HeadNormBackward(
            rows: rows, gradient: o.input(total, 30, o.type, defined: rows.ranges),
            normalized: o.input(total, 30, o.type, defined: rows.ranges),
            inverse: o.input(total, 30 / span, .fp32, around: 2), weight: o.input(1, span, .fp32)))
      }
    }
  }
}
