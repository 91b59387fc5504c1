import Checkpoint
import Device
import DeviceCPU
import Synchronization

/// The weights of linears that a run on a quantized model computes with: what their codes stand for.
public struct TrainedWeights {
  /// "nf4" or "int8".
  public let name: String
  private let checkpoint: CheckpointFolder
  private let quantization: Quantization
  private let device: CPUDevice

  /// nil where the run computes with the checkpoint's own weights.
  public init?(_ checkpoint: CheckpointFolder, quantization: Quantization) {
    switch (checkpoint.quantization, quantization) {
    case (nil, .none): return nil
    case (let stored?, _): name = stored == .nf4 ? "nf4" : "int8"
    case (nil, let asked): name = asked.rawValue
    }
    self.checkpoint = checkpoint
    self.quantization = quantization
    device = CPUDevice(threads: Machine.cores, precision: .fp32)
  }

  /// A weight [out, in] as it was trained on.
  /// - Throws: `CheckpointError` or `MemoryError`.
  public func expanded(_ address: LinearAddress) throws -> ExpandedWeight {
    let name = address.description + ".weight"
    if let stored = try checkpoint.quantizedTensor(name) { return { stored.float32(elements: $0) } }
    let tensor = try checkpoint.tensor(name)
    guard let type = quantization.elementType else { return { tensor.float32(elements: $0) } }
    let (outputs, inputs) = address.module.shape(in: checkpoint.configuration)
    let weight = LazyWeight(
      tensor, rows: outputs, columns: inputs, order: address.module.storedRows(in: checkpoint.configuration),
      type: type, device: device)
    return { weight.elements($0) }
  }
}

/// A weight that is quantized when its first elements are asked for, and forgotten after its last ones: a writer goes
/// through a checkpoint tensor by tensor.
private final class LazyWeight: Sendable {
  private let tensor: StoredTensor
  private let rows, columns: Int
  /// Where the file has its rows in another order than the run, whose blocks of NF4 may reach over rows.
  private let order: StoredRows?
  private let type: ElementType
  private let device: CPUDevice
  private let memory = Mutex<DeviceMemory?>(nil)

  init(
    _ tensor: StoredTensor, rows: Int, columns: Int, order: StoredRows?, type: ElementType, device: CPUDevice
  ) {
    self.tensor = tensor
    self.order = order
    self.rows = rows
    self.columns = columns
    self.type = type
    self.device = device
  }

  func elements(_ range: Range<Int>) -> [Float] {
    memory.withLock { memory in
      if memory == nil { memory = quantized() }
      // Numbers that are not finite have no codes; a run on them would not have begun.
      guard let found = memory else { return tensor.float32(elements: range) }
      let some = range.lowerBound / columns..<(range.upperBound + columns - 1) / columns
      let values = order == nil ? device.read(found.tensor.rows(some)) : inStoredOrder(some, of: found.tensor)
      let start = range.lowerBound - some.lowerBound * columns
      if range.upperBound == rows * columns { memory = nil }
      return Array(values[start..<start + range.count])
    }
  }

  /// Rows as the file orders them.
  private func inStoredOrder(_ rows: Range<Int>, of tensor: Tensor) -> [Float] {
    guard let order else { return [] }
    let used = order.usedRows
    return rows.flatMap { device.read(tensor.rows(used[$0]..<used[$0] + 1)) }
  }

  private func quantized() -> DeviceMemory? {
    if let order {
      guard let source = try? device.allocate(rows: rows, columns: columns, type: .fp32) else { return nil }
      device.write(order.used(tensor.float32()), to: source.tensor)
      return withExtendedLifetime(source) { (try? device.quantize(source.tensor, to: type)) ?? nil }
    }
    guard
      let source = device.weights(tensor.bytes, rows: rows, columns: columns, type: Self.elementType(tensor.type))
    else { return nil }
    return withExtendedLifetime(source) { (try? device.quantize(source.tensor, to: type)) ?? nil }
  }

  private static func elementType(_ type: StoredType) -> ElementType {
    switch type {
    case .bf16: .bf16
    case .fp16: .fp16
    case .fp32: .fp32
    }
  }
}
