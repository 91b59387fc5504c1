import Foundation

/// Where a program counter of this process lies: a function of the program, a library, or code made at run time.
struct ProgramSymbols {
  enum Place: Hashable {
    case function(String)
    case library(String)
    /// Memory without a file.
    case generated
  }

  private struct Mapping {
    let range: Range<UInt>
    let path: String
  }
  private struct Symbol {
    let range: Range<UInt>
    let name: String
  }
  private let mappings: [Mapping]
  private let program: String
  private let base: UInt
  private let symbols: [Symbol]

  init() {
    program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    // To the end: a file without a size is cut off by a single read.
    let bytes = FileHandle(forReadingAtPath: "/proc/self/maps")?.readDataToEndOfFile() ?? Data()
    let maps = String(decoding: bytes, as: UTF8.self)
    var mappings: [Mapping] = []
    var base: UInt = 0
    for line in maps.split(separator: "\n") {
      let fields = line.split(separator: " ", omittingEmptySubsequences: true)
      let ends = (fields.first ?? "").split(separator: "-").compactMap { UInt($0, radix: 16) }
      guard fields.count >= 5, ends.count == 2 else { continue }
      let path = fields.count > 5 ? fields[5...].joined(separator: " ") : ""
      if path == program, UInt(fields[2], radix: 16) == 0 { base = ends[0] }
      if fields[1].contains("x") { mappings.append(Mapping(range: ends[0]..<ends[1], path: path)) }
    }
    self.mappings = mappings
    self.base = base
    symbols = Self.functions(of: program)
  }

  func place(_ counter: UInt) -> Place {
    guard let mapping = mappings.first(where: { $0.range.contains(counter) }) else { return .generated }
    if mapping.path == program {
      return .function(name(counter - base) ?? "?")
    }
    return mapping.path.hasPrefix("/")
      ? .library(URL(fileURLWithPath: mapping.path).lastPathComponent) : .generated
  }

  private func name(_ offset: UInt) -> String? {
    var low = 0
    var high = symbols.count
    while low < high {
      let middle = (low + high) / 2
      if symbols[middle].range.lowerBound <= offset { low = middle + 1 } else { high = middle }
    }
    guard low > 0, symbols[low - 1].range.contains(offset) else { return nil }
    return symbols[low - 1].name
  }

  /// The functions of an ELF file's symbol table, by address; none of a stripped one.
  private static func functions(of path: String) -> [Symbol] {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe), data.count > 64 else {
      return []
    }
    func number<Value: FixedWidthInteger>(_ offset: Int, as type: Value.Type) -> Int {
      guard offset >= 0, offset + MemoryLayout<Value>.size <= data.count else { return 0 }
      let value = data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
      return Int(truncatingIfNeeded: Value(littleEndian: value))
    }
    func section(_ index: Int) -> (type: Int, offset: Int, size: Int, link: Int) {
      let header = number(40, as: UInt64.self) + index * number(58, as: UInt16.self)
      return (
        number(header + 4, as: UInt32.self), number(header + 24, as: UInt64.self),
        number(header + 32, as: UInt64.self), number(header + 40, as: UInt32.self)
      )
    }
    let symbolTable = 2
    guard
      let table = (0..<number(60, as: UInt16.self)).map(section).first(where: { $0.type == symbolTable })
    else { return [] }
    let strings = section(table.link).offset
    var found: [Symbol] = []
    for entry in stride(from: table.offset, to: table.offset + table.size, by: 24) {
      let isFunction = number(entry + 4, as: UInt8.self) & 15 == 2
      let size = number(entry + 16, as: UInt64.self)
      guard isFunction, size > 0 else { continue }
      let start = UInt(bitPattern: number(entry + 8, as: UInt64.self))
      let text = strings + number(entry, as: UInt32.self)
      let end = data[text...].firstIndex(of: 0) ?? text
      found.append(
        Symbol(range: start..<start + UInt(size), name: String(decoding: data[text..<end], as: UTF8.self)))
    }
    return found.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }
}
