import Foundation
import Testing

@testable import Text

@Suite struct ChatTemplateErrors {
  struct Case: CustomTestStringConvertible, Sendable {
    var source: String
    var text: String
    var testDescription: String { source }

    init(_ source: String, _ text: String) {
      self.source = source
      self.text = text
    }
  }

  /// Found while reading the template.
  static let syntax: [Case] = [
    Case("a\nb\n{{ x | foo }}", "t:3:8: unknown filter \"foo\""),
    Case("{{ x is foo }}", "t:1:9: unknown test \"foo\""),
    Case("é{{ $ }}", "t:1:5: unexpected character \"$\""),
    Case("x {{ 1", "t:1:3: this tag is never closed with }}"),
    Case("{% if x", "t:1:1: this tag is never closed with %}"),
    Case("{# x", "t:1:1: this comment is never closed with #}"),
    Case("{% raw %}x", "t:1:1: this raw block is never closed with {% endraw %}"),
    Case("{{ 'x }}", "t:1:4: this string is never closed"),
    Case("{{ '\\xZ' }}", "t:1:5: an escape needs 2 hexadecimal digits"),
    Case("{{ '\\ud800' }}", "t:1:5: not a Unicode character"),
    Case("{{ 99999999999999999999 }}", "t:1:4: not an integer this program can hold"),
    Case("{{ (1] }}", "t:1:6: unexpected \"]\""),
    Case("{{ }}", "t:1:4: expected an expression, found \"}}\""),
    Case("{{ 1 2 }}", "t:1:6: expected \"}}\", found 2"),
    Case("{{ f(a=1, 2) }}", "t:1:11: a positional argument follows a keyword argument"),
    Case("{{ f(a=1, a=2) }}", "t:1:11: argument \"a\" is given twice"),
    Case("{{ f(*a) }}", "t:1:6: * before an argument is not supported in chat templates"),
    Case("{{ a. }}", "t:1:7: expected a name after \".\", found \"}}\""),
    Case("{{ a[] }}", "t:1:5: expected an expression in [ ]"),
    Case("{% if x %}", "t:1:11: the template ends where {% elif %} or {% else %} or {% endif %} is missing"),
    Case("{% for x in y %}{% endif %}", "t:1:20: unknown statement \"endif\""),
    Case("{% nope %}", "t:1:4: unknown statement \"nope\""),
    Case("{% include 'x' %}", "t:1:4: the statement \"include\" is not supported in chat templates"),
    Case("{% for x in y recursive %}", "t:1:15: recursive loops are not supported in chat templates"),
    Case("{% for 1 in y %}", "t:1:8: expected a name, found 1"),
    Case("{% for x y %}", "t:1:10: expected \"in\", found \"y\""),
    Case("{% set true = 1 %}", "t:1:8: \"true\" cannot be assigned to"),
    Case("{% break %}", "t:1:4: break stands outside a loop"),
    Case("{% macro f(a=1, b) %}", "t:1:17: parameter \"b\" without a default follows one with a default"),
    Case("{{ x is string is string }}", "t:1:16: tests with \"is\" cannot be chained"),
  ]

  @Test(arguments: syntax) func syntaxErrorsSayWhere(_ expected: Case) {
    let error = #expect(throws: ChatTemplateError.self) { try ChatTemplate(source: expected.source, name: "t") }
    #expect(error?.description == expected.text)
  }

  /// Found while rendering.
  static let rendering: [Case] = [
    Case("\n {{ nothing.x }}", "t:2:13: 'nothing' is undefined"),
    Case("{{ messages[7].content }}", "t:1:16: 'list object' has no element 7"),
    Case("{{ messages[0].name.first }}", "t:1:21: 'dict object' has no attribute 'name'"),
    Case("{{ 'a' + 1 }}", "t:1:8: can only concatenate str (not \"int\") to str"),
    Case("{{ messages[0].content + nothing }}", "t:1:24: 'nothing' is undefined"),
    Case("{{ 1 / 0 }}", "t:1:6: division by zero"),
    Case("{{ 9223372036854775807 + 1 }}", "t:1:24: an integer grows beyond 64 bits"),
    Case("{{ (-9223372036854775807 - 1) // -1 }}", "t:1:31: an integer grows beyond 64 bits"),
    Case("{% for x in 5 %}{% endfor %}", "t:1:1: 'int' object is not iterable"),
    Case("{% if true %}{{ 1 | foo }}{% endif %}", "t:1:21: unknown filter \"foo\""),
    Case("{{ messages.append(1) }}", "t:1:19: access to attribute 'append' of 'list' object is unsafe."),
    Case("{{ ''.__class__() }}", "t:1:16: access to attribute '__class__' of 'str' object is unsafe."),
    Case("{{ 'x' | trim(1, 2) }}", "t:1:10: filter trim takes at most 1 arguments, 2 are given"),
    Case("{{ 'x' | join(e=1) }}", "t:1:10: filter join has no argument 'e'"),
    Case("{{ strftime_now('%Q') }}", "t:1:16: strftime_now: the directive %Q is not supported"),
    Case("{{ nothing | tojson }}", "t:1:14: Object of type Undefined is not JSON serializable"),
    Case("{{ raise_exception('Roles!') }}", "t:1:19: Roles!"),
  ]

  @Test(arguments: rendering) func renderingErrorsSayWhere(_ expected: Case) throws {
    let template = try ChatTemplate(source: expected.source, name: "t")
    let error = #expect(throws: ChatTemplateError.self) {
      try template.render(
        messages: [ChatMessage(role: "user", content: "Hi")], addGenerationPrompt: true, bosToken: nil, eosToken: nil)
    }
    #expect(error?.description == expected.text)
    #expect(error?.isRaisedByTemplate == expected.source.contains("raise_exception"))
  }
}

/// Templates come with downloaded checkpoints: whatever they do, rendering ends soon with a text or a sentence.
@Suite struct HostileTemplates {
  /// What rendering fails with; a low limit of steps keeps debug builds quick.
  private func error(_ source: String, stepLimit: Int = 100_000) -> ChatTemplateError? {
    #expect(throws: ChatTemplateError.self) {
      try ChatTemplate(source: source, name: "t").render(
        ["messages": .list([])], now: TemplateGoldens.now, timeZone: TemplateGoldens.utc, stepLimit: stepLimit)
    }
  }

  @Test func endlessWork() {
    let nested =
      String(repeating: "{% for x in range(100000) %}", count: 4) + String(repeating: "{% endfor %}", count: 4)
    #expect(error(nested, stepLimit: TemplateLimits.steps)?.message == "the template needs more than 2000000 steps")
    #expect(
      error("{% for x in range(100000) %}{{ range(100000) | sum }}{% endfor %}")?.message.contains("steps") == true)
    #expect(error("{{ range(9999999999) }}")?.message == "a range is longer than 100000")
    #expect(
      error("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")?.message == "nested more than 250 levels deep")
  }

  @Test func endlessText() {
    let doubling = "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}"
    #expect(error(doubling)?.message == "a text grows beyond 16 MB")
    #expect(error("{{ 'ab' * 9999999999 }}")?.message == "a text grows beyond 16 MB")
    #expect(error("{{ 'a' * 9223372036854775807 }}")?.message == "a text grows beyond 16 MB")
    #expect(error("{{ [1] * 9223372036854775807 }}")?.message == "a list grows beyond 2000000 items")
    #expect(
      error("{% for i in range(99) %}{{ 'a' * 1000 * 1000 }}{% endfor %}")?.message == "the output grows beyond 16 MB")
    #expect(
      error("{% for i in range(999) %}{% set x = 'a' * 1000 * 1000 %}{% endfor %}")?.message
        == "the template makes more than 256 MB of text")
    #expect(error("{{ ('a' * 200000).replace('', 'b' * 100) }}")?.message == "a text grows beyond 16 MB")
    #expect(error("{{ 'x'.center(9223372036854775807) }}")?.message == "a text grows beyond 16 MB")
    #expect(error("{{ ('\\n' * 100000) | indent(9999) }}")?.message == "a text grows beyond 16 MB")
  }

  /// Work on a long text costs steps even where it makes no new one.
  @Test(arguments: [
    "big is lower", "big | wordcount", "big | int", "big[0:0]", "big in {}", "{}[big]", "{}.get(big)", "'x' in big",
    "big.count('b')", "big.isdigit()", "big == big ~ 'x'", "[big] | unique(case_sensitive=true) | length",
    "big | length", "{big: 1}",
  ])
  func workOnLongTexts(expression: String) {
    let loop = "{% set big = 'a' * 1000 * 100 %}{% for i in range(100000) %}{% set x = \(expression) %}{% endfor %}"
    #expect(error(loop)?.message.contains("more than") == true)
  }

  @Test func deepValues() {
    let nesting = "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}"
    #expect(error(nesting, stepLimit: TemplateLimits.steps)?.message == "a value is nested more than 64 levels deep")
    // 2^60 leaves in 60 shared lists.
    let shared =
      "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
    #expect(error(shared + "{{ ns.x }}")?.message.contains("steps") == true)
    #expect(error(shared + "{{ ns.x | tojson }}")?.message.contains("steps") == true)
    #expect(
      error(shared + "{{ ns.x == ns.x[0] + ns.x[0] or ns.x == [ns.x[0], ns.x[1]] }}")?.message.contains("steps") == true
    )
    #expect(
      error("{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}")?.message == "a value is too large to be printed")
    // A chain of namespaces and macros is freed without recursion.
    let chain =
      "{% set ns = namespace(x=0) %}{% for i in range(9999) %}{% set ns.x = namespace(x=ns.x) %}{% endfor %}"
    #expect(error(chain + "{{ nothing.x }}", stepLimit: TemplateLimits.steps)?.message == "'nothing' is undefined")
    let macros =
      "{% set ns = namespace(m=0) %}{% for i in range(9999) %}{% set p = ns.m %}"
      + "{% macro f() %}{% endmacro %}{% set ns.m = f %}{% endfor %}"
    #expect(error(macros + "{{ nothing.x }}", stepLimit: TemplateLimits.steps)?.message == "'nothing' is undefined")
  }

  @Test(arguments: ["(", "[", "{'a': ", "not ", "-", "f(", "a[", "'a' if b else ", "x|default("])
  func deepSource(opening: String) {
    #expect(error("{{ " + String(repeating: opening, count: 5_000))?.message.isEmpty == false)
    let closed = String(repeating: opening, count: 5_000) + "1"
    #expect(error("{{ \(closed) }}")?.message.isEmpty == false)
  }

  @Test(arguments: [".a", "|trim", " + 1", "[0]", "()", " ** 1", " and 1"])
  func longChains(link: String) {
    #expect(
      error("{{ x" + String(repeating: link, count: 5_000) + " }}")?.message
        == "an expression is nested more than 200 levels deep")
  }

  @Test func deepStatements() {
    #expect(
      error(String(repeating: "{% if 1 %}", count: 5_000))?.message == "nested more than 120 levels deep")
    #expect(error(String(repeating: "{{ x }}", count: 200_000))?.message.contains("longer than") == true)
  }

  /// xorshift64*, so that a failure repeats.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return state &* 2_685_821_657_736_338_717
    }
  }

  @Test func mutatedTemplatesAreRenderedOrRefused() throws {
    var generator = Generator(state: 11)
    let names = try FileManager.default.contentsOfDirectory(
      atPath: TemplateGoldens.folder.appendingPathComponent("templates").path
    ).sorted()
    let pieces = [
      "{{", "}}", "{%", "%}", "{#", "#}", "-%}", "{%-", "'", "\"", "(", ")", "[", "]", "|", ".", "~", "+",
      "{% endif %}",
      "{% for x in messages %}", "{% endfor %}", "{% set x = x %}", " is ", " not ", " in ", " if ", "[::-1]", "loop.",
      "\\",
      "\u{0}", "é", "9999999999999999999", " | map('map', 'map')", "{% raw %}", "{% break %}", "ns.x",
    ]
    let messages = [ChatMessage(role: "user", content: "Hi"), ChatMessage(role: "assistant", content: "Yo")]
    var refused = 0
    for round in 0..<900 {
      let url = TemplateGoldens.folder.appendingPathComponent("templates/\(names[round % names.count])")
      var source = Array(try String(contentsOf: url, encoding: .utf8).unicodeScalars)
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let at = Int.random(in: 0..<source.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: source.removeSubrange(at..<min(source.count, at + Int.random(in: 1...12, using: &generator)))
        case 1: source.insert(contentsOf: (pieces.randomElement(using: &generator) ?? "").unicodeScalars, at: at)
        default: source.swapAt(at, Int.random(in: 0..<source.count, using: &generator))
        }
      }
      do {
        let template = try ChatTemplate(source: PythonText.text(source), name: "t")
        _ = try template.render(messages: messages, addGenerationPrompt: true, bosToken: "<s>", eosToken: "</s>")
      } catch let error as ChatTemplateError {
        refused += 1
        #expect(error.line >= 1 && error.column >= 1 && !error.message.isEmpty)
      }
    }
    #expect(refused > 200 && refused < 900)
  }
}

@Suite struct PythonTextTests {
  @Test(arguments: [
    (0.1, "0.1"), (1.0, "1.0"), (-0.0, "-0.0"), (1e15, "1000000000000000.0"), (1e16, "1e+16"), (1.5e16, "1.5e+16"),
    (123_456_789.125, "123456789.125"), (1e-4, "0.0001"), (1e-5, "1e-05"), (1.25e-7, "1.25e-07"),
    (Double.leastNonzeroMagnitude, "5e-324"),
    (1.7976931348623157e308, "1.7976931348623157e+308"), (9_007_199_254_740_993.0, "9007199254740992.0"),
    (1e22, "1e+22"),
    (.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan"), (100.0, "100.0"),
    (0.30000000000000004, "0.30000000000000004"),
  ])
  func floatsAsPythonPrintsThem(value: Double, text: String) {
    #expect(PythonText.float(value) == text)
  }

  @Test func textsAreComparedByCodePoints() throws {
    // é as one code point and as two are equal for Swift, not for Python.
    #expect("\u{E9}" == "e\u{301}")
    let template = try ChatTemplate(
      source: "{{ '\u{E9}' == 'e\u{301}' }} {{ {'\u{E9}': 1}['e\u{301}'] is defined }} {{ 'e\u{301}' | length }}",
      name: "t")
    #expect(
      try template.render(messages: [], addGenerationPrompt: false, bosToken: nil, eosToken: nil) == "False False 2")
  }

  @Test func datesInTheCLocale() throws {
    #expect(
      try TemplateDate.format(
        "%d %b %Y|%A, %B %-d|%H:%M:%S|%I %p|%y %m %j|%F %T|%e%%", TemplateGoldens.now, TemplateGoldens.utc)
        == "05 Jul 2024|Friday, July 5|09:04:03|09 AM|24 07 187|2024-07-05 09:04:03| 5%")
  }
}
