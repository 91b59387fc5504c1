/// Where the tensors of a pass will lie: filled in before any memory exists, so that the total can be shown or refused.
public struct TensorPlan: Sendable {
  /// A place for one tensor.
  public struct Slot: Sendable {
    package let offset: Int
    public let rows: Int
    public let columns: Int
    public let type: ElementType

    /// The tensor at this place of an arena that was reserved for the plan. Of an arena that was not, or of none, it is a
    /// shape for a program that only says what it would take.
    public func tensor(in arena: Arena?) -> Tensor {
      Tensor(memory: arena?.memory ?? 0, offset: offset, rows: rows, columns: columns, type: type)
    }
  }

  /// Bytes by purpose, in the order of first use.
  public private(set) var parts: [(name: String, bytes: Int)] = []
  /// Bytes of all slots.
  public private(set) var byteCount = 0

  public init() {}

  /// Takes room for a [rows, columns] tensor, on a cache line of its own, counted under `part`.
  public mutating func add(_ part: String, rows: Int, columns: Int, type: ElementType) -> Slot {
    let slot = Slot(offset: byteCount, rows: rows, columns: columns, type: type)
    add(part, bytes: (max(rows * columns, 1) * type.byteWidth + 127) / 64 * 64)
    return slot
  }

  /// Counts what a device needs beside the tensors.
  public mutating func add(_ part: String, bytes: Int) {
    byteCount += bytes
    if let index = parts.firstIndex(where: { $0.name == part }) {
      parts[index].bytes += bytes
    } else {
      parts.append((part, bytes))
    }
  }
}

/// The memory of one pass at a time: its tensors, and what the device itself needs to run them.
///
/// It grows when a pass needs more than any before it, and is never given back in between: in the steady state nothing
/// is allocated. Belongs to one queue at a time.
public final class Arena {
  /// The device's number for the memory, and what keeps it.
  package private(set) var memory: UInt = 0
  private var owner: AnyObject?
  public private(set) var byteCount = 0
  /// Bytes of the present plan; what follows is the device's, in regions of sizes that it chose.
  package private(set) var planned = 0
  package private(set) var workspace: [Int] = []

  public init() {}

  /// Changes when the arena grows: tensors from before are no longer its own.
  public private(set) var generation = 0

  package func replace(memory: UInt, byteCount: Int, owner: AnyObject) {
    self.memory = memory
    self.byteCount = byteCount
    self.owner = owner
    generation += 1
  }

  /// How often the arena was made ready: a program may run again as long as nobody has reserved it for another.
  public private(set) var reservations = 0

  package func begin(planned: Int, workspace: [Int]) {
    reservations += 1
    self.planned = planned
    self.workspace = workspace
  }
}
