/// dL/dk and dL/dv of one key-value head while its query heads pass: each head's sum by itself, then added to those of
/// the heads before it.
struct KeyGradientSums {
  private let runtime: CPUDevice
  /// Where the current head adds up, [rows, columns].
  private(set) var keys, values: Matrix
  let joinedKeys, joinedValues: Matrix
  private let nextKeys, nextValues: Matrix
  private var head = -1

  init(runtime: CPUDevice, rows: Int, columns: Int, memory: inout ScratchMemory) {
    self.runtime = runtime
    joinedKeys = memory.take(rows, columns)
    joinedValues = memory.take(rows, columns)
    nextKeys = memory.take(rows, columns)
    nextValues = memory.take(rows, columns)
    keys = joinedKeys
    values = joinedValues
  }

  /// Called before every strip; does something where its head is a new one.
  mutating func begin(_ head: Int) {
    guard head != self.head else { return }
    finish()
    self.head = head
    if head > 0 {
      keys = nextKeys
      values = nextValues
    }
    runtime.zero(keys)
    runtime.zero(values)
  }

  /// Adds the last head's sums to those before it; without any, all are 0.
  func finish() {
    if head < 0 {
      runtime.zero(joinedKeys)
      runtime.zero(joinedValues)
    }
    guard head > 0 else { return }
    runtime.add(nextKeys, to: joinedKeys)
    runtime.add(nextValues, to: joinedValues)
  }
}
