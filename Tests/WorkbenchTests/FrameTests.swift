import Control
import Testing

@testable import WorkbenchScreen

struct FrameTests {
  @Test(arguments: [(80, 24), (100, 30), (160, 48), (60, 18)])
  func charts(_ width: Int, _ height: Int) {
    for (name, tier, monochrome) in [
      ("braille", GlyphTier.braille, false), ("ascii", .ascii, false), ("mono", .braille, true),
    ] {
      let (driver, _) = ScreenDriver.running(Size(width, height), tier: tier, monochrome: monochrome)
      var text = driver.frame()
      if monochrome { text += attributes(driver.cells()) }
      let difference = Golden.difference(text, "charts-\(width)x\(height)-\(name)")
      #expect(difference == nil, "\(difference ?? "")")
    }
  }

  @Test(arguments: Page.allCases)
  func pages(_ page: Page) {
    var (driver, _) = ScreenDriver.running(Size(100, 30))
    driver.press("\(page.rawValue)")
    driver.capture("a stray print")
    let difference = Golden.difference(driver.frame(), "page-\(page.title)-100x30")
    #expect(difference == nil, "\(difference ?? "")")
  }

  @Test func overlays() {
    var loading = ScreenDriver(size: Size(80, 24))
    loading.post(.loading(LoadingProgress(what: "reading train.jsonl.gz", fraction: 1)))
    loading.post(.loading(LoadingProgress(what: "reference log-probs", fraction: 0.35)))
    check(loading, "loading-80x24")
    var (driver, _) = ScreenDriver.running(Size(80, 24))
    driver.press("g")
    driver.type("2.5")
    check(driver, "gamma-editor-80x24")
    driver.press("Esc", "q")
    check(driver, "quit-80x24")
    driver.press("Esc", "?")
    check(driver, "help-80x24")
  }

  private func check(_ driver: ScreenDriver, _ name: String) {
    let difference = Golden.difference(driver.frame(), name)
    #expect(difference == nil, "\(difference ?? "")")
  }

  /// What a terminal without colour is told: bold, dim, underline, reverse.
  private func attributes(_ grid: CellGrid) -> String {
    var text = ""
    for y in 0..<grid.size.height {
      var line = ""
      for x in 0..<grid.size.width {
        guard let cell = grid[x, y] else { continue }
        let ink = Ink(cell.style, .standard, depth: .monochrome, colours: 0, painted: nil)
        let visible = cell.glyph != " " || ink.reverse
        line += !visible ? " " : ink.reverse ? "r" : ink.bold ? "b" : ink.dim ? "d" : "."
      }
      while line.last == " " { line.removeLast() }
      text += line + "\n"
    }
    return text
  }

  @Test func asciiIsASCII() {
    for page in Page.allCases {
      var (driver, _) = ScreenDriver.running(Size(120, 36), tier: .ascii)
      driver.press("\(page.rawValue)")
      for key in ["g", "Esc", "?", "Esc", "q", "Esc", "l"] {
        driver.press(key)
        let strange = driver.frame().filter { !$0.isASCII }
        #expect(strange.isEmpty, "\(page.title) after \(key): \(strange)")
      }
    }
  }

  /// Drawing works at any size, on any page, with anything open, and the grid has that size.
  @Test func everySizeDraws() {
    var (driver, _) = ScreenDriver.running(Size(80, 24), steps: 25)
    let sizes = [
      (1, 1), (2, 2), (3, 3), (5, 4), (9, 5), (14, 40), (23, 7), (37, 11), (59, 17), (61, 60), (300, 5), (7, 100),
      (300, 100),
    ]
    for page in Page.allCases {
      driver.press("\(page.rawValue)")
      for (width, height) in sizes {
        driver.resize(Size(width, height))
        for keys in [["Enter"], ["Enter"], ["g"], ["Esc"], ["q"], ["Esc"], ["?"], ["Esc"], ["Tab"]] {
          driver.press(keys)
          let grid = driver.cells()
          #expect(grid.size == Size(width, height))
          #expect(grid.cells.count == width * height)
        }
        driver.press("\(page.rawValue)")
      }
    }
    #expect(Size(-1, 5) == Size(0, 5))
    driver.resize(Size(0, 0))
    #expect(driver.cells().cells.isEmpty)
  }

  /// Hostile text in data, in model answers and in logs never puts a control character on the grid, and every row
  /// keeps its width.
  @Test func hostileDataCannotReachTheTerminal() {
    let evil =
      "\u{1b}[2J\u{1b}]52;c;AAAA\u{7} 日本 \u{202E}abc\u{9b}H\r\n\u{0}"
      + String(repeating: "e\u{301}\u{302}\u{303}", count: 40)
    let catalogue = SampleRun.Catalogue(
      prompts: (0..<3).map { _ in CataloguedPrompt(text: evil, responses: [evil, evil, evil], rewards: [3, 2, 1]) })
    var run = SampleRun().description
    run.catalogue = catalogue
    run.modelName = evil
    run.notice = evil
    run.sessionPath = evil
    for tier in GlyphTier.allCases {
      var driver = ScreenDriver(size: Size(120, 36), tier: tier)
      driver.post(.loading(LoadingProgress(what: evil, fraction: .nan)))
      check(driver.cells())
      driver.post(.started(run))
      driver.post(.stateChanged(.running))
      driver.capture(evil)
      driver.post(.log(LogLine(level: .error, text: evil)))
      driver.post(
        .generation(
          GenerationRecord(
            step: 1, prompt: evil, policy: evil, reference: evil, policyGrade: evil, referenceGrade: evil,
            temperature: 1)))
      let visit = PromptVisit(
        prompt: 1, drawn: 2, drawnProbability: 1, ess: 1, scored: [], margin: .nan, loss: .infinity)
      driver.post(
        .step(
          StepRecord(
            step: 1, epoch: .nan, loss: .nan, learningRate: .infinity, gradientNorm: .nan, chosenReward: .nan,
            rejectedReward: -.infinity, margin: .nan, accuracy: .nan, chosenLogProb: 0, rejectedLogProb: 0, gamma: .nan,
            ess: .nan, saturatedShare: .nan, tokens: .max, stepTime: 0, beta: .nan, visits: [visit])))
      driver.post(.stateChanged(.paused(atStep: 1)))
      driver.post(.checkpoint(step: 1, path: evil))
      driver.post(
        .acknowledged(
          CommandAcknowledgement(
            id: 99, command: .gamma(.hold(.nan)), origin: .other(evil), reason: evil, requestStep: 0,
            effectStep: .max)))
      for key in ["1", "2", "3", "4", "5", "6", "7", "8"] {
        driver.press(key)
        check(driver.cells())
      }
      driver.post(.stateChanged(.failed(evil)))
      check(driver.cells())
    }
  }

  private func check(_ grid: CellGrid) {
    for cell in grid.cells {
      for scalar in cell.glyph.unicodeScalars where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
        Issue.record("U+\(String(scalar.value, radix: 16)) on the grid")
      }
    }
    for y in 0..<grid.size.height {
      let width = grid.cells[y * grid.size.width..<(y + 1) * grid.size.width].reduce(0) { $0 + Int($1.width) }
      #expect(width == grid.size.width)
    }
  }

  /// The same events and keys give the same frame: no clock or chance is hidden in the state.
  @Test func framesAreReproducible() {
    let (first, _) = ScreenDriver.running(Size(120, 36))
    let (second, _) = ScreenDriver.running(Size(120, 36))
    #expect(first.cells() == second.cells())
  }

  @Test func aGapIsMarked() {
    var run = SampleRun()
    var driver = ScreenDriver(size: Size(120, 36), tier: .ascii)
    for event in run.beginning { driver.post(event) }
    for step in 1...20 { driver.post(.step(run.step(step, loss: step == 10 ? .nan : 0.5))) }
    let crosses = driver.cells().cells.filter { $0.glyph == "x" && $0.style.role == .bad }
    #expect(crosses.count == 1)
    driver.press("6")
    #expect(driver.frame().contains("the loss is not a number at step 10"))
  }

  @Test func emptyPanesSaySo() {
    var driver = ScreenDriver(size: Size(120, 36))
    for event in SampleRun().beginning { driver.post(event) }
    let frame = driver.frame()
    #expect(frame.contains("no steps yet") && frame.contains("no visits yet"))
  }
}
