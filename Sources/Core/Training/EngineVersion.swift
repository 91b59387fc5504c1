import Numerics

/// Names the arithmetic of this build on this machine. Two runs with the same name, model, data and run file compute the
/// same bits; a resumed run compares it.
public enum EngineVersion {
  /// Raised with every change that changes a bit of what training computes.
  static let arithmetic = 3

  static func name(of runtime: Runtime) -> String {
    "arithmetic \(arithmetic), \(runtime.precision), \(runtime.arithmetic)"
  }
}
