import Testing

@testable import WorkbenchScreen

struct BindingTests {
  @Test func noKeyIsBoundTwiceInAContext() {
    for context in KeyContext.allCases {
      var seen: [Key: String] = [:]
      for binding in Binding.table where binding.contexts.contains(context) {
        for key in binding.keys {
          #expect(seen[key] == nil, "\(key.name) in \(context): \(seen[key] ?? "") and \(binding.help)")
          seen[key] = binding.help
        }
      }
    }
  }

  @Test func everyBindingHasANameOfItsOwn() {
    #expect(Set(Binding.table.map(\.name)).count == Binding.table.count)
    #expect(Binding.named(Binding.paletteName)?.keys == [.character(":")])
  }

  @Test func everyBindingCanBeExplained() {
    let state = ScreenState(size: Size(80, 24))
    for binding in Binding.table {
      #expect(!binding.help.isEmpty && !binding.keys.isEmpty && !binding.contexts.isEmpty)
      #expect(!binding.hint(state).isEmpty)
    }
  }

  @Test func keysHaveNamesThatCanBePressed() {
    for key in Binding.table.flatMap(\.keys) { #expect(Key(named: key.name) == key, "\(key.name)") }
    #expect(Key(named: "Banana") == nil)
    #expect(Key(named: "F13") == nil)
  }

  /// Digits and points are typed in editors, so none of them may be bound there.
  @Test func numbersCanBeTyped() {
    for context in [KeyContext.gammaEditor, .valueEditor] {
      for character in "0123456789.+-eE" { #expect(Binding.find(.character(character), in: context) == nil) }
    }
  }

  @Test func helpListsEveryKey() {
    var driver = ScreenDriver(size: Size(120, 250))
    driver.press("?")
    let frame = driver.frame()
    for binding in Binding.table {
      if binding.page != nil { continue }
      #expect(frame.contains(binding.help.prefix(40)), "\(binding.help)")
    }
  }

  @Test func everyContextCanBeRepainted() {
    for context in KeyContext.allCases { #expect(Binding.find(.control("l"), in: context)?.name == "repaint") }
  }

  @Test func themesGoRound() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 3)
    driver.press("T")
    #expect(driver.isWarned)
  }
}
