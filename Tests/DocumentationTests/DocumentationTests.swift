import Checkpoint
import Control
import Foundation
import Session
import TestSupport
import Testing

@testable import Preference
@testable import PreferenceData
@testable import Text
@testable import RunFile
@testable import Training

@Suite struct DocumentationTests {
  @Test(arguments: Page.names) func linksLeadSomewhere(name: String) throws {
    let page = try Page(name)
    let folder = TestPackage.root.appendingPathComponent(name).deletingLastPathComponent()
    for link in page.localLinks {
      let exists = FileManager.default.fileExists(atPath: folder.appendingPathComponent(link).path)
      #expect(exists, "\(name) links to \(link)")
    }
  }

  @Test(arguments: Page.names) func noPageNamesAMachine(name: String) throws {
    let page = try Page(name)
    for path in ["/work/", "/home/", "/root", "/tmp/"] { #expect(!page.text.contains(path), "\(name): \(path)") }
  }

  /// Every YAML block is a run file, or a part of one that needs only model and data.
  @Test(arguments: Page.names) func everyRunFileIsAccepted(name: String) throws {
    for block in try Page(name).blocks("yaml") {
      var yaml = block
      if !block.contains("model: models/") { yaml = "model: m\n" + yaml }
      if !block.contains("data:") { yaml += "\ndata: {train: d.jsonl}" }
      let file = try RunFile.decode(yaml: yaml, name: name)
      _ = try file.preference.objective()
    }
  }
}

// MARK: - README.md

/// The example of "Your own model and data" is in examples/, byte for byte.
@Suite struct ReadmeExample {
  private func example(_ name: String) throws -> String {
    try String(contentsOf: TestPackage.root.appendingPathComponent("examples/\(name)"), encoding: .utf8)
  }

  @Test func runFileIsTheOneThatIsShown() throws {
    let shown = try #require(Page("README.md").section("Your own model and data")).blocks("yaml")
    #expect(shown.map { $0 + "\n" } == [try example("run.yaml")])
  }

  @Test func rowsAreThoseThatAreShown() throws {
    let lines = try example("prefs.jsonl").components(separatedBy: "\n")
    let shown = try #require(Page("README.md").section("Your own model and data")).blocks("console")
    let console = try #require(shown.first { $0.hasPrefix("$ wc -l prefs.jsonl") })
    #expect(
      console == "$ wc -l prefs.jsonl\n\(lines.count - 1) prefs.jsonl\n$ head -n 1 prefs.jsonl\n\(lines[0])")
    #expect(lines.last == "")
  }
}

// MARK: - docs/run-file.md

@Suite struct RunFilePage {
  private static let sections: [(title: String, keys: [String])] = [
    ("Top level", RunFileKeys.root), ("`model`", RunFileKeys.model), ("`adapter`", RunFileKeys.adapter),
    ("`data`", RunFileKeys.data),
    ("`preference`", RunFileKeys.preference), ("`preference.gamma`", RunFileKeys.gamma),
    ("`training`", RunFileKeys.training),
  ]

  @Test func hasARowForEveryKeyAndNoOther() throws {
    let page = try Page("docs/run-file.md")
    for (title, keys) in Self.sections {
      let rows = try #require(page.section(title), "no section \(title)").rows
      // A section's first table; others in it do not begin with a key.
      let named = rows.compactMap(\.first).filter { $0 != "key" && $0 != "schedule" || title == "`preference.gamma`" }
      for key in keys { #expect(named.contains(key), "\(title) lacks \(key)") }
      if title != "`preference.gamma`" {
        for row in rows.dropFirst() { #expect(keys.contains(row[0]), "\(title) has \(row[0])") }
      }
    }
  }

  /// The default column against the file that `RunFile` writes with nothing but model and data given.
  @Test func saysTheDefaults() throws {
    let page = try Page("docs/run-file.md")
    let written = RunFile(model: "m", train: ["d.jsonl"]).yaml().components(separatedBy: "\n")
    for (title, keys) in Self.sections where title != "Top level" {
      let rows = try #require(page.section(title)).rows
      for key in keys {
        guard let row = rows.first(where: { $0.first == key }), row.count >= 2,
          let line = written.first(where: { $0.trimmingCharacters(in: .whitespaces).hasPrefix(key + ": ") }),
          let value = line.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
        else { continue }
        if let number = Double(value) {
          #expect(Double(row[1]) == number, "\(title) \(key): page \(row[1]), default \(value)")
        } else if key != "model" && key != "train" {
          #expect(row[1] == value, "\(title) \(key): page \(row[1]), default \(value)")
        }
      }
    }
  }

  @Test func namesEveryChoice() throws {
    let page = try Page("docs/run-file.md")
    let names =
      Parameterization.allCases.map(\.rawValue) + PreferenceModel.allCases.map(\.rawValue)
      + Estimator.allCases.map(\.rawValue) + RewardScale.allCases.map(\.rawValue) + Convention.allCases.map(\.rawValue)
      + RunFile.GammaScheduleName.allCases.map(\.rawValue) + LearningRateSchedule.Kind.allCases.map(\.rawValue)
    for name in names { #expect(page.text.contains("`\(name)`"), "\(name)") }
  }
}

// MARK: - docs/data-formats.md

@Suite struct DataFormatsPage {
  /// Each format's example rows are read as that format, all of them.
  @Test(arguments: DataFormat.allCases) func examplesAreReadAs(format: DataFormat) throws {
    let page = try Page("docs/data-formats.md")
    let section = try #require(page.section("`\(format.rawValue)`"), "no section \(format.rawValue)")
    let examples = section.blocks("json")
    #expect(!examples.isEmpty)
    let scratch = try TemporaryFolder()
    for (index, example) in examples.enumerated() {
      let path = "\(scratch.path)/\(index).jsonl"
      try (example + "\n").write(toFile: path, atomically: false, encoding: .utf8)
      let data = try PreferenceDataset.load(paths: [path])
      #expect(data.format == format)
      #expect(data.report.droppedRows == 0, "\(data.report.lines())")
    }
  }

  @Test func namesEveryReason() throws {
    let text = try Page("docs/data-formats.md").text
    for reason in DropReason.allCases { #expect(text.contains("| \(reason.phrase) |"), "\(reason.phrase)") }
    for note in DataNote.allCases { #expect(text.contains("| \(note.phrase) |"), "\(note.phrase)") }
  }
}

// MARK: - docs/objectives.md, docs/models.md, docs/commands.md

@Suite struct OtherPages {
  @Test func objectivesNameEveryChoice() throws {
    let text = try Page("docs/objectives.md").text
    let names =
      Parameterization.allCases.map(\.rawValue) + PreferenceModel.allCases.map(\.rawValue)
      + Estimator.allCases.map(\.rawValue) + Convention.allCases.map(\.rawValue)
    for name in names { #expect(text.contains("| `\(name)` |"), "\(name)") }
  }

  /// Each option's row in docs/run-file.md says what it is, whose it is and what holds without it.
  @Test func everyOptionOfALossHasARowThatNamesIt() throws {
    let rows = try #require(Page("docs/run-file.md").section("`preference`")).rows
    for loss in LossRegistry.standard.losses {
      for option in loss.loss.options {
        let key = option.sharedKey?.rawValue ?? option.key
        let row = try #require(rows.first { $0[0] == key }, "\(key)")
        let words = row[3].split { !$0.isLetter && $0 != "_" }.map(String.init)
        #expect(words.contains(loss.rawValue), "\(key) of \(loss)")
        #expect(row[3].contains(option.meaning), "\(key) of \(loss): \(option.meaning)")
        let standard: String? =
          switch option.kind {
          case .number(_, let standard): standard.map { String(format: "%g", $0) }
          case .word(_, let standard): standard
          }
        guard let standard else { continue }
        #expect((row[1] + " " + row[3]).contains(standard), "\(key) of \(loss): \(standard)")
      }
    }
  }

  @Test func modelsNameEveryArchitectureAndNoOther() throws {
    let rows = try #require(Page("docs/models.md").section("Architectures")).rows
    let named = rows.dropFirst().prefix { $0[0] != "part" }.map { $0[0] }
    #expect(named == ArchitectureRegistry.standard.modelTypes)
  }

  @Test func modelsNameEveryTokenizerComponent() throws {
    let rows = try #require(Page("docs/models.md").section("Tokenizers")).rows
    let known = [
      "normalizer": Normalizer.types, "pre-tokenizer": PreTokenizer.types, "post-processor": PostProcessor.types,
      "decoder": Decoder.types,
    ]
    for (component, types) in known {
      let row = try #require(rows.first { $0[0] == component })
      #expect(row[1].components(separatedBy: ", ") == types, "\(component)")
    }
  }

  /// The tables of metrics are the catalogue, row by row and in its order.
  @Test(arguments: [Metric.stepMetrics, Metric.evaluationMetrics]) func tablesOfMetricsAreTheCatalogue(
    metrics: [Metric]
  ) throws {
    let rows = metrics.map { metric in
      let cells = ["`\(metric.key)`", metric.unit ?? "", metric.better == .neither ? "" : "\(metric.better)"]
      return (cells + [metric.meaning]).reduce("|") { $0 + ($1.isEmpty ? " |" : " \($1) |") }
    }
    let lines = try #require(Page("docs/commands.md").section("Headless output")).lines
    let table = lines.split(separator: "").map(Array.init).first { $0.contains(rows[0]) }
    #expect(table?.dropFirst(2).map { $0 } == rows)
  }

  @Test func controlExamplesAreAccepted() throws {
    let section = try #require(Page("docs/commands.md").section("Control"))
    let lines = section.blocks("jsonl").joined(separator: "\n").split(separator: "\n")
    #expect(!lines.isEmpty)
    var seen: Set<String> = []
    for line in lines { seen.insert(try ControlLine.parse(String(line), fallbackID: 1).command.name) }
    #expect(seen == ["pause", "resume", "step", "checkpoint", "stop", "set", "inspect"])
  }
}
