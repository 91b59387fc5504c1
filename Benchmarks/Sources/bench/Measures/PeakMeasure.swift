import CMeasure
import SpeedMeasurement

extension Catalogue {
  static let peak = Measure(
    name: "peak", summary: "the speed of products of registers alone, on every thread and on one, and of the memory"
  ) { setting in
    let all = (ProductPeak(runtime: setting.runtime(.bf16)), ProductPeak(runtime: setting.runtime(.fp32)))
    let one = (
      ProductPeak(runtime: setting.runtime(.bf16, threads: 1)), ProductPeak(runtime: setting.runtime(.fp32, threads: 1))
    )
    var readings = [[Double]](repeating: [], count: 5)
    for _ in 0..<setting.rounds(7) {
      let found = [
        all.0.measure(), all.1.measure(), one.0.measure(), one.1.measure(), cm_bandwidth(1 << 28, 4),
      ]
      for (index, value) in found.enumerated() { readings[index].append(value * 1e-9) }
    }
    let names = [
      "bf16, every thread", "fp32, every thread", "bf16, one thread", "fp32, one thread",
      "memory, one thread, y += a·x",
    ]
    return zip(names, readings).map { name, values in
      Row(name, values, name.hasPrefix("memory") ? "GB/s" : "GFLOP/s")
    }
  }
}
