import Base
import Device
import Synchronization

/// One piece of memory, with a number for every two bytes, so that views of either width find their elements: those of
/// an fp32 tensor lie at every other place.
final class Block: Sendable {
  let number: UInt
  private let numbers: Mutex<[Double]>
  /// A buffer of the host in the place of numbers.
  private let host: FloatBuffer?

  init(number: UInt, _ numbers: [Double]) {
    self.number = number
    self.numbers = Mutex(numbers)
    host = nil
  }

  init(number: UInt, host: FloatBuffer) {
    self.number = number
    numbers = Mutex([])
    self.host = host
  }

  func load(_ x: Tensor) -> [Double] {
    let places = Places(x)
    if let host { return places.all.map { Double(host[$0 / 2]) } }
    return numbers.withLock { numbers in places.all.map { numbers[$0] } }
  }

  /// Overwrites one row.
  func store(_ values: ArraySlice<Double>, row: Int, of x: Tensor) {
    let places = Places(x)
    if let host {
      for (column, value) in values.enumerated() { host[places[row, column] / 2] = Float(value) }
      return
    }
    numbers.withLock { numbers in
      for (column, value) in values.enumerated() { numbers[places[row, column]] = value }
    }
  }

  func forget() {
    numbers.withLock { numbers in for place in numbers.indices { numbers[place] = .nan } }
  }

  /// Where a tensor's elements lie.
  private struct Places {
    let x: Tensor
    let first, width: Int

    init(_ x: Tensor) {
      self.x = x
      // Of a quantized tensor, whose offset counts elements, the numbers that its codes stand for.
      width = x.type.isQuantized ? 1 : x.type.byteWidth / 2
      first = x.type.isQuantized ? x.offset : x.offset / 2
    }

    subscript(row: Int, column: Int) -> Int { first + (row * x.stride + column) * width }

    var all: [Int] {
      var all: [Int] = []
      all.reserveCapacity(x.rows * x.columns)
      for row in 0..<x.rows {
        for column in 0..<x.columns { all.append(self[row, column]) }
      }
      return all
    }
  }
}

/// Pieces of memory by their numbers. It keeps none of them alive: whoever holds the `DeviceMemory` or `Arena` does.
final class MemoryTable: Sendable {
  private struct Entry {
    weak var block: Block?
  }

  /// Number 0 is no memory.
  private let entries = Mutex<[Entry]>([Entry()])

  /// Zeros, `values` in row-major order.
  func lend(
    _ values: [Double], rows: Int, columns: Int, type: ElementType, isWritable: Bool = true
  ) -> DeviceMemory {
    let width = type.isQuantized ? 1 : type.byteWidth / 2
    var numbers = [Double](repeating: 0, count: values.count * width)
    for (index, value) in values.enumerated() { numbers[index * width] = value }
    let block = add { Block(number: $0, numbers) }
    return DeviceMemory(
      Tensor(memory: block.number, rows: rows, columns: columns, type: type, isWritable: isWritable), owner: block)
  }

  func lend(_ buffer: FloatBuffer) -> DeviceMemory {
    let block = add { Block(number: $0, host: buffer) }
    return DeviceMemory(Tensor(memory: block.number, rows: 1, columns: buffer.count, type: .fp32), owner: block)
  }

  func block(byteCount: Int) -> Block {
    add { Block(number: $0, [Double](repeating: .nan, count: (byteCount + 1) / 2)) }
  }

  /// Makes all numbers undefined.
  func forget(_ number: UInt) { block(number).forget() }

  func block(_ number: UInt) -> Block {
    let found = entries.withLock { entries in Int(number) < entries.count ? entries[Int(number)].block : nil }
    guard let found else { preconditionFailure("memory that somebody still holds") }
    return found
  }

  private func add(_ make: (UInt) -> Block) -> Block {
    entries.withLock { entries in
      let block = make(UInt(entries.count))
      entries.append(Entry(block: block))
      return block
    }
  }
}

/// Keys and values of each layer: the prompt's [P, kvHeads · d] and each sample's own, token by token.
final class NaiveCache: KeyValueCache {
  struct Layer: Sendable {
    var promptKeys = Numbers(rows: 0, columns: 0)
    var promptValues = Numbers(rows: 0, columns: 0)
    /// [sample][position].
    var ownKeys, ownValues: [[[Double]]]
  }

  let shape: CacheShape
  let layers: Mutex<[Layer]>

  init(_ shape: CacheShape) {
    self.shape = shape
    let undefined = [Double](repeating: .nan, count: shape.keyValueHeads * shape.headDimension)
    let own = Array(repeating: Array(repeating: undefined, count: shape.capacity), count: shape.samples)
    layers = Mutex(Array(repeating: Layer(ownKeys: own, ownValues: own), count: shape.layers))
  }
}
