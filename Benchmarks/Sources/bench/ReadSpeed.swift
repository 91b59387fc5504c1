import CMeasure
import DeviceCPU
import SpeedMeasurement

/// How fast the threads read memory and do nothing with it: what decoding, which reads every weight for each token, is
/// measured against.
struct ReadSpeed {
  private let memory: FloatBuffer
  private let runtime: CPUDevice

  /// - Parameter bytes: as much as a pass reads.
  init(bytes: Int, runtime: CPUDevice) {
    memory = FloatBuffer(count: bytes / 4)
    self.runtime = runtime
    // Pages that nothing was written to are all the same one.
    memory.withUnsafeMutableBufferPointer { $0.update(repeating: 1) }
    _ = measure()
  }

  /// Bytes a second.
  func measure() -> Double {
    let (threads, count) = (runtime.threads, memory.count)
    let time = seconds {
      let found = runtime.parallelMap(threads) { [memory] thread -> Double in
        memory.withUnsafeBufferPointer { buffer in
          let (first, end) = (count * thread / threads, count * (thread + 1) / threads)
          return cm_read(buffer.baseAddress.map { $0 + first }, Int64(4 * (end - first)))
        }
      }
      precondition(found.count == threads)
    }
    return Double(count * 4) / time
  }
}
