import Checkpoint
import Foundation
import Model
import SpeedMeasurement

extension Catalogue {
  static let generation = Measure(
    name: "generate", summary: "tokens a second after a prompt of 307 tokens, for 1, 8 and 64 samples"
  ) { setting in
    let model = try setting.languageModel()
    var synthetic = SyntheticPrompts()
    synthetic.meanPrompt = setting.quick ? 32 : 307
    let prompt = synthetic.groups(1, vocabulary: model.configuration.vocabularySize)[0].prompt
    let length = setting.quick ? 8 : 64
    let bytes = try CheckpointFolder(path: setting.modelFolder()).weightBytes
    let reading = ReadSpeed(bytes: bytes, runtime: model.cpu)
    var rows: [Row] = []
    for count in setting.quick ? [1, 8] : [1, 8, 64] {
      var speeds: [Double] = []
      var prefills: [Double] = []
      var shares: [Double] = []
      for round in 0..<setting.rounds(5) {
        let before = reading.measure()
        let begin = DispatchTime.now().uptimeNanoseconds
        var steps: [UInt64] = []
        let found = try model.generate(
          prompt, count: count, settings: SamplingSettings(temperature: 1, maxNewTokens: length), seed: UInt64(round),
          adapter: nil
        ) { _ in
          steps.append(DispatchTime.now().uptimeNanoseconds)
          return true
        }
        let end = DispatchTime.now().uptimeNanoseconds
        let tokens = found.reduce(0) { $0 + $1.count }
        speeds.append(Double(tokens) / (Double(end - begin) * 1e-9))
        prefills.append(Double((steps.first ?? end) - begin) * 1e-6)
        // Every step but the first reads all weights once; the median leaves out what a neighbour disturbed.
        let times = zip(steps.dropFirst(), steps).map { Double($0 - $1) * 1e-9 }
        if !times.isEmpty, count <= 32 {
          shares.append(Double(bytes) / Readings(times).median / ((before + reading.measure()) / 2) * 100)
        }
      }
      rows.append(
        Row(
          count == 1 ? "1 sample" : "\(count) samples", speeds, "tokens/s",
          note: String(format: "the prompt's pass (%.0f ms) counts", Readings(prefills).median)))
      if !shares.isEmpty {
        rows.append(
          Row(
            count == 1 ? "1 sample, share of a plain read" : "\(count) samples, share of a plain read", shares, "%",
            bar: .atLeast(count == 1 ? 70 : 60), note: "all weights read once a token, and nothing done with them"))
      }
    }
    return rows
  }
}
