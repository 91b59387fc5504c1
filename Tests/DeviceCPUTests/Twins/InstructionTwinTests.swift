import Testing

@testable import Device
@testable import DeviceCPU
import NaiveDevice

/// Every instruction alone: the CPU at each level against the naive device, on random operands.
@Suite struct InstructionTwinTests {
  @Test(arguments: InstructionKind.allCases, KernelLevel.available)
  func agreesWithTheNaiveDevice(kind: InstructionKind, level: KernelLevel) throws {
    let twins = InstructionTwins.of(kind)
    #expect(!twins.isEmpty)
    for precision in Precision.allCases {
      let naive = NaiveDevice(precision: precision)
      // Heads together and apart, and as they balance.
      var ways: [(threads: Int, headsApart: Bool?)] = [(1, nil), (3, nil)]
      if kind == .attention || kind == .attentionBackward { ways += [(1, true), (3, false)] }
      let devices = ways.map {
        CPUDevice(threads: $0.threads, precision: precision, kernelLevel: level, headsApart: $0.headsApart)
      }
      for twin in twins {
        let operands = Operands(naive)
        let steps = twin.steps(operands)
        #expect(steps.joined().contains { InstructionKind($0) == kind }, "\(twin.name)")
        let before = operands.contents
        let expected = try operands.run(steps)
        var first: [[UInt32]]?
        for device in devices {
          let operands = Operands(device)
          let steps = twin.steps(operands)
          if first == nil { #expect(bits(operands.contents) == bits(before), "\(twin.name): other operands") }
          let found = try operands.run(steps)
          let error = worstError(found, expected, before: before)
          #expect(
            error < (precision == .fp32 ? 1e-5 : 1.2e-2),
            "\(twin.name), \(precision), \(device.threads) threads: \(error)")
          #expect(bits(found) == first ?? bits(found), "\(twin.name), \(precision): bits depend on threads")
          first = first ?? bits(found)
        }
      }
    }
  }

  /// NaN is one number, however it is written.
  private func bits(_ contents: [[Float]]) -> [[UInt32]] {
    contents.map { $0.map { $0.isNaN ? .max : $0.bitPattern } }
  }
}
