import Foundation
import JSON
import Testing

@testable import Tables

@Suite struct CSVReaderTests {
  private static let names = CSVReader<Never>.Names(
    texts: ["prompt", "chosen", "rejected"], lists: ["responses", "rewards"])

  /// A reader over bytes that come `step` at a time.
  private func reader(_ bytes: [UInt8], separator: String = ",", step: Int = 1 << 18) -> CSVReader<Never> {
    var rest = bytes[...]
    return CSVReader(separator: Array(separator.utf8)[0], names: Self.names) { (chunk: inout [UInt8]) throws(Never) in
      let count = min(step, rest.count, chunk.count)
      chunk.replaceSubrange(0..<count, with: rest.prefix(count))
      rest = rest.dropFirst(count)
      return count
    }
  }

  private func rows(_ text: String, separator: String = ",", step: Int = 1 << 18) throws -> [String] {
    let reader = reader(Array(text.utf8), separator: separator, step: step)
    var rows: [String] = []
    while let row = try reader.next() {
      switch row.value {
      case .success(let object): rows.append("\(row.line): " + JSONValue.object(object).compactText)
      case .failure(let fault): rows.append("\(row.line): \(fault)")
      }
    }
    return rows
  }

  // MARK: RFC 4180

  @Test(arguments: [1, 2, 3, 1000]) func quotesLineEndsAndEmptyCells(_ step: Int) throws {
    let text = "\u{FEFF}a,b,c\r\n\"x, \"\"y\"\"\",\"two\r\nlines\",\r\n\r\n,\"\",\" z \"\np\rq,it's \"so\",r"
    #expect(
      try rows(text, step: step) == [
        #"2: {"a":"x, \"y\"","b":"two\r\nlines","c":null}"#, #"5: {"a":null,"b":"","c":" z "}"#,
        #"6: {"a":"p\rq","b":"it's \"so\"","c":"r"}"#,
      ])
  }

  @Test func separatorsOfATSVAreTabs() throws {
    #expect(try rows("a\tb\n1,5\t2\n", separator: "\t") == [#"2: {"a":"1,5","b":2}"#])
  }

  @Test func raggedRowsAreFaultsOfTheirOwnLine() throws {
    #expect(
      try rows("a,b\n1,2\n3\n4,5,6\n\"7\"x,8\n9,10\n") == [
        #"2: {"a":1,"b":2}"#, "3: malformed", "4: malformed", "5: malformed", #"6: {"a":9,"b":10}"#,
      ])
  }

  @Test func textMustBeUTF8() throws {
    let reader = reader(Array("a,b\n".utf8) + [0xFF, 0x2C, 0x78, 0x0A] + Array("y,z\n".utf8))
    #expect(try reader.next()?.value == .failure(.notUTF8))
    #expect(try reader.next()?.line == 3)
  }

  @Test func aQuoteThatIsNotClosedEndsTheFile() throws {
    #expect(throws: CSVProblem.self) { try rows("a,b\n1,2\n3,\"4\n5,6\n") }
    #expect(throws: CSVProblem(line: 1, why: "the header names the column \"a\" twice")) {
      try rows("a,b,a\n")
    }
    for text in ["a;b\n1;2\n", "a\tb\n1\t2\n"] { #expect(throws: CSVProblem.self) { try rows(text) } }
    #expect(try rows("") == [] && rows("a,b\n") == [])
  }

  // MARK: types

  /// A column has one type, told from its cells; a text column's "42" stays a text.
  @Test func columnsHaveOneType() throws {
    let text = """
      prompt,chosen,number,flag,json,mixed,empty
      1,[1],-2.50,True,"[1, {""a"": null}]",7,
      2,two,1e3,false,{},x,
      3,"[{""role"": ""user"", ""content"": ""é""}]",,,,,

      """
    #expect(
      try rows(text) == [
        #"2: {"prompt":"1","chosen":"[1]","number":-2.5,"flag":true,"json":[1,{"a":null}],"mixed":"7","empty":null}"#,
        #"3: {"prompt":"2","chosen":"two","number":1000,"flag":false,"json":{},"mixed":"x","empty":null}"#,
        #"4: {"prompt":"3","chosen":[{"role":"user","content":"é"}],"number":null,"flag":null,"json":null,"#
          + #""mixed":null,"empty":null}"#,
      ])
  }

  /// Beyond the sample a cell that its column's type does not fit is a text, for the format to complain of.
  @Test func theSampleDecides() throws {
    let text = "number\n" + String(repeating: "1\n", count: 1000) + "x\n2\n"
    #expect(try rows(text).suffix(3) == [#"1001: {"number":1}"#, #"1002: {"number":"x"}"#, #"1003: {"number":2}"#])
  }

  @Test(arguments: ["[{'role': 'user', 'content': 'x'}]", "['a', 'b']"]) func pythonsNotationIsRefused(
    _ cell: String
  ) throws {
    for name in ["chosen", "responses"] {
      do {
        _ = try rows("\(name)\n\"\(cell)\"\n")
        Issue.record("read")
      } catch let problem as CSVProblem {
        #expect(problem.line == 2 && problem.why.contains("to_parquet"))
      }
    }
    #expect(try rows("other\n\"\(cell)\"\n").count == 1)
  }

  // MARK: files of other writers

  @Test(arguments: [
    ("pairs.csv", "pairs"), ("pairs.quoted.csv", "pairs"), ("pairs.polars.csv", "pairs"),
    ("conversations.csv", "conversations"), ("lists.csv", "lists"),
  ])
  func rowsAreThoseOfTheJSONLines(_ file: String, _ lines: String) throws {
    let reader = reader(try TableFixture.bytes("csv/\(file)"))
    var found: [JSONValue] = []
    while let row = try reader.next() { found.append(.object(try row.value.get())) }
    #expect(found == (try TableFixture.lines("\(lines).jsonl")))
  }
}
