import Foundation
import Preference
import PreferenceData

/// Everything a run is told: the YAML file given to `workbench train`, with its defaults filled in and every value
/// checked. Keys are those of TRL and PEFT wherever these have one.
///
/// Relative paths in it are relative to the current working directory, as in TRL, LLaMA-Factory and axolotl, not to
/// the file's own folder.
///
///     model: path/to/checkpoint
///     data:
///       train: prefs.jsonl.gz
///
/// is a whole run file; every other key has a default.
public struct RunFile: Sendable, Equatable {
  /// A Hugging Face checkpoint folder.
  public var model: String
  public var adapter = AdapterSettings()
  public var data: DataSettings
  public var preference = PreferenceSettings()
  public var training = TrainingSettings()
  /// Folder of the run's record; nil lets the program choose one.
  public var session: String?

  public init(model: String, train: [String]) {
    self.model = model
    self.data = DataSettings(train: train)
  }
}

// MARK: Reading

extension RunFile {
  /// Reads the file at `path` (`-` is standard input).
  ///
  /// - Parameters:
  ///   - overrides: `key.path=value` each, the value in YAML, applied in order over the file. Setting
  ///     `training.max_steps` takes `training.num_train_epochs` out of the file and the reverse, likewise `data.eval` and
  ///     `data.eval_fraction`, and a new `preference.gamma.schedule` takes out the keys that it does not read.
  ///   - losses: what `preference.parameterization` may name.
  ///   - formats: what `data.format` may name.
  /// - Throws: `RunFileError`.
  public static func read(
    path: String, overrides: [String] = [], losses: LossRegistry = .standard,
    formats: [DataFormat] = DataFormat.allCases
  ) throws -> RunFile {
    let name = path == "-" ? "standard input" : path
    return try decode(
      yaml: try contents(of: path, name: name), name: name, overrides: overrides, losses: losses, formats: formats)
  }

  /// - Parameters:
  ///   - name: what error messages start with.
  ///   - overrides, losses, formats: as for `read`.
  /// - Throws: `RunFileError`.
  public static func decode(
    yaml: String, name: String, overrides: [String] = [], losses: LossRegistry = .standard,
    formats: [DataFormat] = DataFormat.allCases
  ) throws -> RunFile {
    var root = try ConfigParser.parse(yaml, name: name)
    var origin = ConfigOrigin(name: name)
    if root == .null, overrides.isEmpty {
      throw RunFileError("\(name): is empty; a run file needs at least model and data.train")
    }
    for argument in overrides {
      let override = try ConfigOverride(parsing: argument)
      origin.overridden.append(override.introducedPath(in: root))
      root = try override.applied(to: root)
    }
    let section = try ConfigSection(root, path: [], keys: RunFileKeys.root, origin: origin)
    return try RunFile(section, losses: losses, formats: formats)
  }

  private init(_ section: ConfigSection, losses: LossRegistry, formats: [DataFormat]) throws {
    guard let model = try section.text("model", "the folder of a Hugging Face checkpoint or a GGUF file") else {
      throw section.error("model", "missing; give the folder of a Hugging Face checkpoint or a GGUF file")
    }
    self.model = model
    adapter = try AdapterSettings(section.section("adapter", keys: RunFileKeys.adapter))
    data = try DataSettings(section.section("data", keys: RunFileKeys.data), formats: formats)
    preference = try PreferenceSettings(
      section.section("preference", keys: RunFileKeys.preference(losses: losses)), losses: losses)
    training = try TrainingSettings(section.section("training", keys: RunFileKeys.training))
    if training.metricForBestModel != nil, case .none = data.evaluation {
      throw section.origin.error(
        ["training", "metric_for_best_model"], "nothing is evaluated; give data.eval or data.eval_fraction as well")
    }
    session = try section.text("session", "the path of a folder")
  }

  private static func contents(of path: String, name: String) throws -> String {
    var isDirectory: ObjCBool = false
    if path != "-" {
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
        throw RunFileError("\(name): no such file")
      }
      guard !isDirectory.boolValue else { throw RunFileError("\(name): is a folder, not a run file") }
    }
    let handle = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
    guard let handle else { throw RunFileError("\(name): cannot be opened for reading") }
    var bytes = Data()
    do {
      while bytes.count <= ConfigParser.maximumSize, let chunk = try handle.read(upToCount: 65_536), !chunk.isEmpty {
        bytes.append(chunk)
      }
    } catch {
      throw RunFileError("\(name): cannot be read: \(error.localizedDescription)")
    }
    guard let text = String(data: bytes, encoding: .utf8) else { throw RunFileError("\(name): is not UTF-8 text") }
    return text
  }
}

// MARK: Writing

extension RunFile {
  /// The file with every key at its resolved value; reads back to an equal `RunFile`.
  public func yaml() -> String {
    var writer = ConfigWriter()
    writer.value("model", model)
    adapter.write(to: &writer)
    data.write(to: &writer)
    preference.write(to: &writer)
    training.write(to: &writer)
    writer.value("session", session)
    return writer.text
  }
}
