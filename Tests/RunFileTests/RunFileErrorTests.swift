import Preference
import Testing

@testable import RunFile

/// Every sentence a run file can be refused with, word for word.
@Suite struct RunFileErrorTexts {
  struct Case: CustomTestStringConvertible, Sendable {
    var yaml: String
    var overrides: [String] = []
    var text: String
    var testDescription: String { text }

    init(_ yaml: String, set overrides: String..., text: String) {
      self.yaml = yaml
      self.overrides = overrides
      self.text = text
    }

    /// `section` added to the smallest valid file.
    init(adding section: String, text: String) {
      self.init("model: m\n" + (section.contains("data:") ? "" : "data: {train: d}\n") + section, text: text)
    }

    /// The smallest valid file with overrides.
    init(set overrides: String..., text: String) {
      self.init("model: m\ndata: {train: d}\n", text: text)
      self.overrides = overrides
    }
  }

  /// Those of the registered losses; LossRegistryTests pins the names and keys themselves.
  static let lossNames = LossRegistry.standard.names.joined(separator: ", ")
  static let preferenceKeys = RunFileKeys.preference.joined(separator: ", ")

  static let cases = documentCases + unknownKeyCases + preferenceCases + settingCases + overrideCases

  @Test(arguments: cases) func text(_ expected: Case) {
    let error = #expect(throws: RunFileError.self) {
      try RunFile.decode(yaml: expected.yaml, name: "RUN.yaml", overrides: expected.overrides)
    }
    #expect(error?.description == expected.text)
  }
}
