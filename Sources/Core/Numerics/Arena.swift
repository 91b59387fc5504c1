/// Where everything will lie in an arena: filled in before any memory exists, so that the total can be shown or refused.
public struct ArenaPlan: Sendable {
  /// A place for one matrix.
  public struct Slot: Sendable {
    let offset: Int
    public let rows: Int
    public let columns: Int
    public let type: ElementType
  }

  /// Bytes by purpose, in the order of first use.
  public private(set) var parts: [(name: String, bytes: Int)] = []
  /// What the arena needs: the highest byte that any slot touches.
  public private(set) var byteCount = 0
  private var position = 0

  public init() {}

  /// Takes room for a [rows, columns] matrix, on a cache line of its own, counted under `part`.
  public mutating func add(_ part: String, rows: Int, columns: Int, type: ElementType) -> Slot {
    let slot = Slot(offset: position, rows: rows, columns: columns, type: type)
    position += (max(rows * columns, 1) * type.byteWidth + 127) / 64 * 64
    let growth = max(0, position - byteCount)
    byteCount += growth
    if let index = parts.firstIndex(where: { $0.name == part }) {
      parts[index].bytes += growth
    } else {
      parts.append((part, growth))
    }
    return slot
  }

  /// Lays out several uses of the same memory that never live at the same time; each starts where the first did.
  public mutating func overlay(_ uses: [(inout ArenaPlan) -> Void]) {
    let start = position
    var end = start
    for use in uses {
      position = start
      use(&self)
      end = max(end, position)
    }
    position = end
  }
}

/// One block of memory for all activations, gradients of activations and scratch of a pass.
///
/// It grows when a pass needs more than any before it, and is never given back in between: in the steady state nothing
/// is allocated. It asks for half as much again, since what nobody touches costs nothing, while pages of a new block
/// arrive slowly. A pass that still runs keeps the old block alive.
public final class Arena {
  private var block = MemoryBlock(byteCount: 64)

  public init() {}

  public var byteCount: Int { block.byteCount }

  /// Makes room for a plan. Contents are undefined afterwards.
  /// - Throws: `MemoryError`; the arena then is as it was.
  public func reserve(_ plan: ArenaPlan) throws(MemoryError) {
    guard plan.byteCount > block.byteCount else { return }
    do {
      block = try MemoryBlock(checking: plan.byteCount + min(plan.byteCount / 2, 1 << 40))
    } catch {
      block = try MemoryBlock(checking: plan.byteCount)
    }
  }

  /// The memory as it is now, for one pass.
  public var memory: ArenaMemory { ArenaMemory(block: block) }
}

/// An arena's memory, and views that it lends: they count no references, so they must not be used when the last copy of
/// this is gone. Whoever stores such views stores this beside them.
public struct ArenaMemory: Sendable {
  fileprivate let block: MemoryBlock

  public subscript(slot: ArenaPlan.Slot) -> Matrix {
    precondition(slot.offset + slot.rows * slot.columns * slot.type.byteWidth <= block.byteCount, "reserved")
    return Matrix(
      base: block.base + slot.offset, rows: slot.rows, columns: slot.columns, stride: slot.columns, type: slot.type,
      owner: nil)
  }
}
