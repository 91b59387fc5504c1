import PreferenceData
import Testing

@testable import RunFile

@Suite struct DataColumns {
  private func data(_ columns: String, overrides: [String] = []) throws -> RunFile.DataSettings {
    try RunFile.decode(yaml: "model: m\ndata: {train: d, columns: \(columns)}", name: "RUN.yaml", overrides: overrides)
      .data
  }

  @Test func mapsNames() throws {
    #expect(
      try data("{prompt: history, responses: [human_ref_A, human_ref_B], rewards: [score_A, score_B]}").columns
        == ColumnMap(prompt: "history", responses: ["human_ref_A", "human_ref_B"], rewards: ["score_A", "score_B"]))
    #expect(try data("{rewards: helpfulness}").columns == ColumnMap(rewards: ["helpfulness"]))
    // Without rewards several responses are in order, best first.
    #expect(try data("{responses: [good, bad]}").columns == ColumnMap(responses: ["good", "bad"], rewards: []))
    #expect(try data("null").columns == nil)
    #expect(try data("{rewards: score}", overrides: ["data.columns.prompt=q"]).columns?.prompt == "q")
  }

  @Test func writesWhatItReads() throws {
    for columns in ["{prompt: q, responses: [a, b], rewards: [c, d]}", "{responses: [a, b]}", "{rewards: r}"] {
      let file = try RunFile.decode(yaml: "model: m\ndata: {train: d, columns: \(columns)}", name: "RUN.yaml")
      #expect(try RunFile.decode(yaml: file.yaml(), name: "again") == file)
    }
  }

  @Test(arguments: [
    (
      "{response: a}",
      "data.columns.response: unknown key, did you mean \"responses\"? (keys here: prompt, responses, rewards)"
    ),
    ("{responses: [a, b], rewards: [c]}", "data.columns: 2 response columns, but 1 reward columns"),
    ("{responses: [a, a]}", "data.columns: \"a\" is named twice"),
    ("{prompt: [a]}", "data.columns.prompt: a list is not the name of a column"),
    ("shp", "data.columns: \"shp\" is not a section; expected keys prompt, responses, rewards"),
  ]) func refusals(columns: String, sentence: String) {
    #expect(throws: RunFileError("RUN.yaml: " + sentence)) { try data(columns) }
  }

  @Test func excludesAFormat() {
    #expect(throws: RunFileError("RUN.yaml: data.columns: data.format is given as well; keep one of the two")) {
      try RunFile.decode(
        yaml: "model: m\ndata: {train: d, format: trl, columns: {rewards: r}}", name: "RUN.yaml")
    }
  }

  /// A dash alone is a list to YAML.
  @Test func standardInputByOverride() throws {
    let file = try RunFile.decode(
      yaml: "model: m\ndata: {train: d}", name: "RUN.yaml", overrides: ["data.train=-", "data.eval= - "])
    #expect(file.data.train == ["-"] && file.data.evaluation == .files(["-"]))
  }
}
