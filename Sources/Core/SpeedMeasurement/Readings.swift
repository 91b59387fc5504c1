import Base
import Dispatch
import Foundation

/// Repeated readings of one quantity.
public struct Readings: Sendable, Equatable {
  public var values: [Double]

  public init(_ values: [Double]) { self.values = values }

  public var median: Double { quantile(0.5) }
  /// First and third quartile.
  public var quartiles: (low: Double, high: Double) { (quantile(0.25), quantile(0.75)) }

  /// Linear between neighbours, as NumPy's default; NaN of no values.
  public func quantile(_ share: Double) -> Double { Quantile.ofSorted(values.sorted(), share: share) }
}

/// Wall time in seconds.
public func seconds(_ body: () throws -> Void) rethrows -> Double {
  let begin = DispatchTime.now().uptimeNanoseconds
  try body()
  return Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
}

/// What the system says of this process's resident memory, in bytes; 0 where it says nothing.
public enum ResidentMemory {
  public static var now: Int { field("VmRSS:") }
  /// The most since the process began, or since `resetPeak`.
  public static var peak: Int { field("VmHWM:") }

  public static func resetPeak() {
    try? FileHandle(forWritingAtPath: "/proc/self/clear_refs")?.write(contentsOf: Data("5".utf8))
  }

  private static func field(_ name: String) -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }
}
