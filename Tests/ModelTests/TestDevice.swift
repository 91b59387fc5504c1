import Device
import DeviceCPU
import NaiveDevice

/// What a suite runs on: whatever holds for a model holds on every device.
enum TestDevice: String, CaseIterable, Sendable {
  case cpu
  /// Plain loops in Double (Tests/NaiveDevice).
  case naive

  func make(_ precision: Precision, threads: Int = 2) -> any Device {
    switch self {
    case .cpu: CPUDevice(threads: threads, precision: precision)
    case .naive: NaiveDevice(precision: precision)
    }
  }
}
