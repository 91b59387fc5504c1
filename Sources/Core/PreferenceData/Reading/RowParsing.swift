import JSON

extension JSONValue {
  /// Python's NaN and Infinity are read, so that a row with such a reward is reported as that.
  private static let rowOptions = JSONOptions(duplicateKeys: .lastWins, acceptsNonFinite: true)

  /// A row of a data file. Throws `malformedJSON`, `invalidText` or `rowTooLong`.
  static func row(_ bytes: [UInt8]) throws(DropReason) -> JSONValue {
    do throws(JSONFault) {
      return try JSONValue(parsing: bytes, rowOptions)
    } catch {
      switch error.problem {
      case .loneSurrogate, .brokenSurrogatePair, .notUTF8: throw .invalidText
      case .tooManyValues: throw .rowTooLong
      default: throw .malformedJSON
      }
    }
  }
}
