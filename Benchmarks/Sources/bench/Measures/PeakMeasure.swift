import CMeasure
import SpeedMeasurement

extension Catalogue {
  static let peak = Measure(
    name: "peak", summary: "oneDNN's matrix products and the memory, in each way of running them"
  ) { setting in
    let size = Int64(setting.quick ? 512 : ProductPeak.size)
    let threads = Int32(setting.threads)
    let bf16 = ProductPeak(runtime: setting.runtime(.bf16))
    let fp32 = ProductPeak(runtime: setting.runtime(.fp32))
    var readings = [[Double]](repeating: [], count: 7)
    for _ in 0..<setting.rounds(7) {
      let found = [
        cm_onednn_speed(size, size, size, 1, 0, threads, 8), bf16.measure(count: 8),
        cm_onednn_speed(size, size, size, 1, 1, threads, 8), cm_onednn_speed(size, size, size, 1, 0, 1, 4),
        cm_onednn_speed(size, size, size, 0, 0, threads, 4), fp32.measure(count: 4), cm_bandwidth(1 << 28, 4),
      ]
      for (index, value) in found.enumerated() { readings[index].append(value * 1e-9) }
    }
    let names = [
      "bf16, oneDNN's own threads", "bf16, one oneDNN thread in each of ours", "bf16, weight packed before",
      "bf16, one thread", "fp32, oneDNN's own threads", "fp32, one oneDNN thread in each of ours",
      "memory, one thread, y += a·x",
    ]
    return zip(names, readings).map { name, values in
      Row(name, values, name.hasPrefix("memory") ? "GB/s" : "GFLOP/s")
    }
  }
}
