import Device

/// Names the arithmetic of this build on this machine: its version, precision, kernel level, and a probe of the bits that
/// they give here. Two runs with the same name, model, data and run file compute the same bits; a resumed run compares it,
/// and so does a run that is offered another one's reference log-probs.
public enum EngineVersion {
  /// Raised with every change that changes a bit of what training computes.
  static let arithmetic = 5

  static func name(of device: any Device) -> String {
    "arithmetic \(arithmetic), \(device.precision), \(device.arithmetic), probe \(device.arithmeticProbe)"
  }
}
