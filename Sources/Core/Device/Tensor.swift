/// A row-major matrix [rows, columns] in a device's memory: a value that says where, and never what.
///
/// Model takes views of it and names it in instructions; only the device that lent it can read or write it. A tensor does
/// not keep its memory alive: whoever holds tensors holds their `DeviceMemory`, `Arena` or `KeyValueCache` beside them.
public struct Tensor: Sendable, Equatable {
  /// The device's own number for a piece of memory: an address, or an index into a table.
  package let memory: UInt
  /// Bytes from the beginning of that memory to the first element; of a quantized tensor, elements.
  package let offset: Int
  /// Where a quantized tensor's scales are, those of the whole that it is a part of; 0 elsewhere.
  package let scales: UInt
  public let rows: Int
  public let columns: Int
  /// Distance between rows, in elements.
  public let stride: Int
  public let type: ElementType
  /// False for weights in a mapped file.
  package let isWritable: Bool

  package init(
    memory: UInt, offset: Int = 0, scales: UInt = 0, rows: Int, columns: Int, stride: Int? = nil, type: ElementType,
    isWritable: Bool = true
  ) {
    self.memory = memory
    self.offset = offset
    self.scales = scales
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
    self.type = type
    self.isWritable = isWritable
  }

  /// Some of the rows.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows inside the tensor")
    return view(from: range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
  }

  /// Some of the columns.
  public func columns(_ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns inside the tensor")
    return view(from: range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  /// The same elements in their order under another shape.
  public func reshaped(rows: Int, columns: Int) -> Tensor {
    precondition(isContiguous && rows * columns == self.rows * self.columns, "as many elements, one after another")
    precondition(!type.isQuantized, "scales go by rows")
    return view(from: 0, rows: rows, columns: columns, stride: columns)
  }

  private var isContiguous: Bool { stride == columns || rows == 1 }

  private func view(from element: Int, rows: Int, columns: Int, stride: Int) -> Tensor {
    Tensor(
      memory: memory, offset: offset + element * type.offsetWidth, scales: scales, rows: rows, columns: columns,
      stride: stride, type: type, isWritable: isWritable)
  }
}

/// Memory that a device keeps for weights and adapters as long as this lives.
public final class DeviceMemory: Sendable {
  public let tensor: Tensor
  private let owner: any Sendable

  /// - Parameter owner: whatever keeps the memory; released with this.
  package init(_ tensor: Tensor, owner: any Sendable) {
    self.tensor = tensor
    self.owner = owner
  }
}
