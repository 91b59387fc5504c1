/// Unicode normal forms (UAX #15) as HF tokenizers computes them: those of Unicode 9, in which marks and decompositions
/// that later versions added are ordinary characters.
///
/// Most text is in its form already. It is looked through once, character by character, and only the stretches between
/// two characters that a form can neither change nor join to a neighbour are decomposed, ordered and composed.
enum UnicodeNormalization {
  enum Form: Sendable, CaseIterable {
    case nfc, nfd, nfkc, nfkd

    var composes: Bool { self == .nfc || self == .nfkc }
    var isCompatible: Bool { self == .nfkc || self == .nfkd }

    /// The first byte of the first character that the form can change: U+0300, U+00C0 or U+00A0.
    fileprivate var firstByte: UInt8 {
      switch self {
      case .nfc: 0xCC
      case .nfd: 0xC3
      case .nfkc, .nfkd: 0xC2
      }
    }
  }

  /// - Parameter bytes: valid UTF-8.
  static func normalize(_ bytes: [UInt8], _ form: Form) -> [UInt8] {
    let first = form.firstByte
    let isInert = InertCharacters(form)
    var output: [UInt8] = []
    var copied = 0
    var index = 0
    while index < bytes.count {
      // Nothing below the form's first character changes; the later bytes of such characters are below it as well.
      if bytes[index] < first {
        index += 1
        continue
      }
      let (inert, length) = isInert(bytes, index)
      if inert {
        index += length
        continue
      }
      // From the character before, which may take a mark, to the next one that nothing happens to.
      let start = index > copied ? startOfCharacter(before: index, in: bytes, from: copied) : index
      var end = index + length
      while end < bytes.count {
        let (inert, length) = isInert(bytes, end)
        if inert { break }
        end += length
      }
      output.append(contentsOf: bytes[copied..<start])
      append(bytes[start..<end], form, to: &output)
      copied = end
      index = end
    }
    if copied == 0 { return bytes }
    output.append(contentsOf: bytes[copied...])
    return output
  }

  // MARK: One stretch

  private struct Mark {
    var point: UInt32
    /// Canonical combining class; 0 for a character that begins anew.
    var order: UInt8
  }

  private static func append(_ bytes: ArraySlice<UInt8>, _ form: Form, to output: inout [UInt8]) {
    let data = UnicodeNormalizationData.shared
    var marks: [Mark] = []
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      data.decompose(scalar.value, compatible: form.isCompatible) { marks.append(Mark(point: $0, order: $1)) }
    }
    sort(&marks)
    if form.composes { compose(&marks, data) }
    for mark in marks {
      guard let scalar = Unicode.Scalar(mark.point) else { continue }
      output.append(contentsOf: scalar.utf8)
    }
  }

  /// Puts every run of marks in the order of their classes; equal ones keep theirs (Unicode 3.11, D109).
  private static func sort(_ marks: inout [Mark]) {
    var start = 0
    while start < marks.count {
      guard marks[start].order != 0 else {
        start += 1
        continue
      }
      var end = start
      var isSorted = true
      while end < marks.count, marks[end].order != 0 {
        if end > start, marks[end].order < marks[end - 1].order { isSorted = false }
        end += 1
      }
      if !isSorted {
        // The place decides between equal classes, so that the sort need not be stable.
        let sorted = (start..<end).sorted { (marks[$0].order, $0) < (marks[$1].order, $1) }.map { marks[$0] }
        marks.replaceSubrange(start..<end, with: sorted)
      }
      start = end
    }
  }

  /// Joins every mark that is not blocked to its starter (Unicode 3.11, D115 and D117).
  private static func compose(_ marks: inout [Mark], _ data: UnicodeNormalizationData) {
    var starter: Int?
    // Of the mark kept last behind the starter; nothing stands between them at −1.
    var last = -1
    var kept = 0
    for mark in marks {
      if let starter, last < Int(mark.order), let composed = data.composed(marks[starter].point, mark.point) {
        marks[starter].point = composed
        continue
      }
      if mark.order == 0 {
        starter = kept
        last = -1
      } else {
        last = Int(mark.order)
      }
      marks[kept] = mark
      kept += 1
    }
    marks.removeLast(marks.count - kept)
  }
}

/// Which characters a form leaves as they are, whatever stands before or behind them.
private struct InertCharacters {
  private let form: UnicodeNormalization.Form
  private let classes = UnicodeClasses.Lookup()
  private let data = UnicodeNormalizationData.shared

  init(_ form: UnicodeNormalization.Form) { self.form = form }

  /// For the character that begins at `index`, with its length in bytes.
  @inline(__always)
  func callAsFunction(_ bytes: [UInt8], _ index: Int) -> (isInert: Bool, length: Int) {
    if form == .nfc {
      let (found, length) = classes(bytes, index)
      return (!found.contains(.composing), length)
    }
    let (point, length) = decodeUTF8(bytes, index)
    if form == .nfkc {
      return (!classes(bytes, index).classes.contains(.composing) && !data.hasCompatibleMapping(point), length)
    }
    return (data.isDecomposed(point, compatible: form == .nfkd), length)
  }
}
