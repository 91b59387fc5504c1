import CAllocationMeter
import Foundation
import Testing

/// Feeds mutated inputs to one reader: a few hundred in every test run, 100,000 with WORKBENCH_SOAK=1.
///
/// A reader may refuse an input, with one line that holds no control characters. It must not crash, and in the soak it
/// must not take a second of processor time, nor hold more memory than ten times the input and 64 MB.
/// WORKBENCH_FUZZ_TRACE names a file that gets each input before it is read, to find the one that crashed.
enum FuzzCampaign {
  static let isSoak = ProcessInfo.processInfo.environment["WORKBENCH_SOAK"] == "1"
  private static let trace = ProcessInfo.processInfo.environment["WORKBENCH_FUZZ_TRACE"]

  static func run(
    _ name: String, seeds: [[UInt8]], words: [String] = [], inputs: Int = 300, soak: Int = 100_000,
    sourceLocation: SourceLocation = #_sourceLocation, read: ([UInt8]) throws -> Void
  ) throws {
    var mutator = Mutator(seeds: seeds, words: words, seed: name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    var refused = 0
    var (slowest, largest) = (0.0, 0)
    let count = isSoak ? soak : inputs
    for number in 0..<count {
      let input = number < seeds.count ? seeds[number] : mutator.next()
      if let trace { try Data(input).write(to: URL(fileURLWithPath: trace + "-" + name)) }
      let begin = am_thread_seconds()
      am_start()
      do {
        try read(input)
      } catch {
        refused += 1
        check("\(error)", name: name, number: number, sourceLocation)
      }
      let peak = Int(am_peak())
      let time = am_thread_seconds() - begin
      slowest = max(slowest, time)
      largest = max(largest, peak - 10 * input.count)
      guard isSoak else { continue }
      #expect(time < 1, "\(name): input \(number) took \(time) s", sourceLocation: sourceLocation)
      #expect(
        peak <= 10 * input.count + 64_000_000, "\(name): input \(number) of \(input.count) bytes held \(peak)",
        sourceLocation: sourceLocation)
    }
    // Neither all nor none of them: the inputs reach what lies behind the first check.
    #expect(refused > 0 && refused < count, "\(name): \(refused) of \(count) refused", sourceLocation: sourceLocation)
    if isSoak {
      print(
        "fuzz \(name): \(count) inputs, \(refused) refused, slowest \(Int(slowest * 1000)) ms, largest "
          + "\(max(0, largest) / 1_000_000) MB beyond ten times its input")
    }
  }

  static func run(
    _ name: String, seeds: [String], words: [String] = [], inputs: Int = 300, soak: Int = 100_000,
    sourceLocation: SourceLocation = #_sourceLocation, read: ([UInt8]) throws -> Void
  ) throws {
    try run(
      name, seeds: seeds.map { Array($0.utf8) }, words: words, inputs: inputs, soak: soak,
      sourceLocation: sourceLocation, read: read)
  }

  private static func check(_ sentence: String, name: String, number: Int, _ sourceLocation: SourceLocation) {
    let isPlain = !sentence.isEmpty && sentence.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    #expect(isPlain, "\(name): input \(number): \(sentence.debugDescription)", sourceLocation: sourceLocation)
  }

  /// The file at a path below Tests/Fixtures or the package.
  static func file(_ path: String) throws -> [UInt8] {
    let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    return [UInt8](try Data(contentsOf: root.appendingPathComponent(path)))
  }
}
