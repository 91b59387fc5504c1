import JSON

/// What is wrong with a run file, an override or a setting, in one sentence that starts with where it is:
/// `RUN.yaml: preference.gamma.start: "abc" is not a number`. The program prints it after `error: ` and exits with 2.
public struct RunFileError: Error, Equatable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) {
    self.description = description.printable
  }
}
