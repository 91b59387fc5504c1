import Foundation

/// Why a model, adapter or tensor file is refused. `description` is one sentence, without a full stop, that names the file.
public enum CheckpointError: Error, Equatable, CustomStringConvertible, LocalizedError {
  /// The file is absent or the system refuses to read or write it; `reason` is a clause ("it is a folder").
  case unreadable(file: String, reason: String)
  case unwritable(file: String, reason: String)
  /// The folder lacks what a checkpoint needs; `hint` says what to do.
  case notACheckpoint(folder: String, reason: String)
  /// As `notACheckpoint`, for a LoRA adapter.
  case notAnAdapter(folder: String, reason: String)
  /// The bytes break their format; `problem` is a clause ("the header ends inside a string").
  case malformed(file: String, problem: String)
  /// A value that is understood, but out of range; `allowed` is a phrase ("a whole number from 1 to 1024").
  case invalidValue(file: String, key: String, value: String, allowed: String)
  /// A feature that is understood, but not supported; `supported` names what is.
  case unsupported(file: String, feature: String, supported: String)
  case missingTensor(file: String, name: String)
  case unexpectedTensor(file: String, name: String, reason: String)
  case wrongShape(file: String, name: String, shape: [Int], expected: [Int])
  /// An element is NaN or an infinity, which makes whatever is computed with it so.
  case notFinite(file: String, name: String, element: Int, value: Float)
  /// Numbers computed from finite weights are not finite.
  case overflow(folder: String)

  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
    case .unwritable(let file, let reason): "\(file) cannot be written: \(reason)"
    case .notACheckpoint(let folder, let reason): "\(folder) is not a usable checkpoint folder: \(reason)"
    case .notAnAdapter(let folder, let reason): "\(folder) is not a usable adapter folder: \(reason)"
    case .malformed(let file, let problem): "\(file) is damaged or not in its format: \(problem)"
    case .invalidValue(let file, let key, let value, let allowed):
      "\(file): \(key) is \(value), but must be \(allowed)"
    case .unsupported(let file, let feature, let supported):
      "\(file): \(feature) is not supported; supported: \(supported)"
    case .missingTensor(let file, let name): "\(file) has no tensor \(Self.quoted(name))"
    case .unexpectedTensor(let file, let name, let reason):
      "\(file) has a tensor \(Self.quoted(name)) that would be ignored: \(reason)"
    case .wrongShape(let file, let name, let shape, let expected):
      "\(file): tensor \(Self.quoted(name)) has shape \(shape), but the configuration asks for \(expected)"
    case .notFinite(let file, let name, let element, let value):
      "\(file): tensor \(Self.quoted(name)) holds \(value.isNaN ? "NaN" : "an infinity") at element \(element), so nothing "
        + "can be computed with it; the checkpoint is damaged or was saved from a run that had failed"
    case .overflow(let folder):
      "\(folder): the model's numbers are not finite, although each of its weights is; they are too large for the model "
        + "to compute with"
    }
  }

  public var errorDescription: String? { description }

  /// Text from a file made safe to print: control characters escaped, long text cut.
  package static func quoted(_ text: String) -> String {
    var result = "\""
    var length = 0
    for scalar in text.unicodeScalars {
      if length == 80 {
        result += "…"
        break
      }
      length += 1
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
        result += "\\u{" + String(scalar.value, radix: 16) + "}"
      default:
        if scalar == "\"" || scalar == "\\" { result += "\\" }
        result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
