@testable import Base
import Device
import Testing

@testable import DeviceCPU

@Suite struct MemoryTests {
  /// 2^62 bytes lie beyond every address: the system refuses, and the arena stays as it was.
  @Test func refusalsAreErrors() throws {
    var plan = TensorPlan()
    _ = plan.add("all", rows: 1 << 40, columns: 1 << 20, type: .fp32)
    let arena = Arena()
    let before = arena.byteCount
    #expect(throws: MemoryError.self) {
      try CPUDevice(threads: 1, precision: .fp32).reserve(arena, plan: plan, program: Program())
    }
    #expect(arena.byteCount == before)
    #expect(MemoryError(byteCount: 1_500_000).description == "The system refused 2 MB of memory.")
    #expect(throws: MemoryError.self) { try FloatBuffer(checking: 1 << 60) }
  }
}
