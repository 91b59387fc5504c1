import Testing

@testable import WorkbenchScreen

struct StartScreenTests {
  private let entries = [
    StartEntry(path: "s/live", name: "live", status: .live, detail: "HPS-DPO, step 12 of 200", age: "now"),
    StartEntry(path: "s/done", name: "done", status: .finished, detail: "HPS-DPO, step 200 of 200", age: "2 hours ago"),
    StartEntry(path: "s/dead", name: "dead", status: .crashed, detail: "BT-DPO, step 9 of 200", age: "3 days ago"),
    StartEntry(path: "s/bad", name: "bad", status: .unreadable, detail: "s/bad: damaged", age: ""),
  ]

  private func press(_ state: inout StartState, _ names: String..., check: (NewRun) -> String? = { _ in nil }) {
    for name in names {
      if let key = Key(named: name) { StartReducer.reduce(&state, key, check: check) }
    }
  }

  private func frame(_ state: StartState) -> String { StartView.frame(state, tier: .braille, monochrome: true).text }

  @Test func enterFollowsOrReplays() {
    for (moves, choice) in [(0, StartChoice.attach("s/live")), (1, .replay("s/done")), (2, .replay("s/dead"))] {
      var state = StartState(size: Size(80, 24), entries: entries)
      for _ in 0..<moves { press(&state, "j") }
      press(&state, "Enter")
      #expect(state.choice == choice)
    }
    var state = StartState(size: Size(80, 24), entries: entries)
    press(&state, "End", "Enter")
    #expect(state.choice == nil && frame(state).contains("s/bad: damaged"))
    press(&state, "k", "r")
    #expect(state.choice == .resume("s/dead"))
  }

  @Test func resumeSaysWhyNot() {
    var state = StartState(size: Size(80, 24), entries: entries)
    press(&state, "r")
    #expect(frame(state).contains("live is training already; Enter follows it"))
    press(&state, "j", "r")
    #expect(frame(state).contains("done ran to its end; there is nothing to resume"))
    #expect(state.choice == nil)
  }

  @Test func withoutSessionsTheDemoIsNear() {
    var state = StartState(size: Size(80, 24), entries: [])
    #expect(frame(state).contains("no sessions yet"))
    press(&state, "j", "k", "p", "r", "PgDn")
    #expect(state.choice == nil)
    press(&state, "Enter")
    #expect(state.choice == .demo)
  }

  @Test func aNewRunIsAskedForAndChecked() {
    var state = StartState(size: Size(80, 24), entries: entries)
    press(&state, "n")
    for character in "models/m" { StartReducer.reduce(&state, .character(character)) { _ in nil } }
    press(&state, "Enter")
    for character in "d.jsonl" { StartReducer.reduce(&state, .character(character)) { _ in nil } }
    press(&state, "Tab", "Right")
    press(&state, "Enter", check: { "\($0.data): no such file" })
    #expect(state.choice == nil)
    #expect(frame(state).contains("d.jsonl: no such file") && frame(state).contains("bt-dpo"))
    press(&state, "Enter")
    var wanted = NewRun()
    wanted.model = "models/m"
    wanted.data = "d.jsonl"
    wanted.method = "bt-dpo"
    #expect(state.choice == .new(wanted))
  }

  @Test func escapeLeavesTheFormThenTheScreen() {
    var state = StartState(size: Size(80, 24), entries: entries)
    press(&state, "n", "Esc")
    #expect(state.choice == nil && state.form == nil)
    press(&state, "?")
    #expect(frame(state).contains("resume a stopped or crashed one"))
    press(&state, "x", "q")
    #expect(state.choice == .quit)
  }

  @Test func everySizeDraws() {
    for (width, height) in [(1, 1), (3, 2), (20, 6), (60, 18), (80, 24), (200, 60), (0, 0)] {
      for keys in [["k"], ["n"], ["?"]] {
        var state = StartState(size: Size(width, height), entries: entries)
        for key in keys { press(&state, key) }
        for tier in GlyphTier.allCases {
          let grid = StartView.frame(state, tier: tier, monochrome: false)
          #expect(grid.size == Size(width, height))
          let strange = grid.text.filter { !$0.isASCII }
          #expect(tier != .ascii || strange.isEmpty, "\(strange)")
        }
      }
    }
  }

  @Test(arguments: [(80, 24), (120, 36)]) func frames(_ width: Int, _ height: Int) {
    var state = StartState(size: Size(width, height), entries: entries)
    let list = Golden.difference(frame(state), "start-\(width)x\(height)")
    #expect(list == nil, "\(list ?? "")")
    press(&state, "n")
    let form = Golden.difference(frame(state), "start-form-\(width)x\(height)")
    #expect(form == nil, "\(form ?? "")")
  }
}
