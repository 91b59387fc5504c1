import JSON

/// How the files of a tokenizer are read.
///
/// A tokenizer.json is a small description beside a vocabulary of up to 10 MB. A reader lets the vocabulary and the
/// merges go from the file straight into their tables.
enum TokenizerJSON {
  /// A key met twice keeps its last value, as HF's reader does.
  private static let options = JSONOptions(duplicateKeys: .lastWins, maximumValues: 1 << 24)

  /// What `body` makes of the bytes. Faults in the JSON become a `TokenizerError` that names `file`.
  static func read<Result>(_ bytes: [UInt8], file: String, _ body: (inout JSONReader) throws -> Result) throws -> Result
  {
    guard bytes.count < Int(Int32.max) else {
      throw TokenizerError.invalid(file: file, problem: "is larger than 2 GiB")
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw TokenizerError.invalid(file: file, problem: "is not valid UTF-8")
    }
    var reader = JSONReader(bytes, options)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
    do {
      return try body(&reader)
    } catch let fault as JSONFault {
      throw TokenizerError.malformedJSON(file: file, offset: fault.offset, problem: words(for: fault))
    }
  }

  private static func words(for fault: JSONFault) -> String {
    func expected(_ what: String) -> String { fault.isAtEnd ? "the file ends too early" : "expected \(what)" }
    switch fault.problem {
    case .valueExpected: return expected("a value")
    case .objectExpected: return expected("\"{\"")
    case .arrayExpected: return expected("\"[\"")
    case .stringExpected, .keyExpected: return expected("\"\"\"")
    case .colonExpected: return expected("\":\"")
    case .arrayUnfinished: return expected("\",\" or \"]\"")
    case .objectUnfinished: return expected("\",\" or \"}\"")
    case .trailingText: return "text after the end"
    case .numberWithoutDigits: return "expected a value"
    case .leadingZero: return "a number starts with 0"
    case .fractionWithoutDigits: return "a number ends with a point"
    case .exponentWithoutDigits: return "a number has an empty exponent"
    case .hexadecimalExpected where !fault.isAtEnd: return "a \\u escape without four hexadecimal digits"
    case .stringUnfinished, .hexadecimalExpected: return "the file ends inside a string"
    case .controlCharacter: return "a control character in a string"
    case .unknownEscape: return "an unknown escape in a string"
    case .loneSurrogate, .brokenSurrogatePair: return "a lone surrogate in a string"
    case .tooDeep(let limit): return "nested more than \(limit) deep"
    case .duplicateKey, .numberTooLarge, .notUTF8, .tooManyValues: return fault.description
    }
  }
}
