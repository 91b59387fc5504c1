import ArgumentParser
import Foundation
import DeviceCPU
import Training

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "What this machine and terminal can do, with one line of cure for each problem.")

  func run() throws {
    let output = StandardOutput.shared
    var notes = 0
    func report(_ name: String, _ value: String, cure: String? = nil) throws {
      try output.write(
        "\(cure == nil ? "ok  " : "note") \(name.padding(toLength: 10, withPad: " ", startingAt: 0)) \(value)")
      if let cure {
        notes += 1
        try output.write("     → \(cure)")
      }
    }
    try report("processor", "\(Machine.processorName), \(Machine.processors.summary)")
    let runtime = CPUDevice(threads: Machine.cores, precision: .bf16)
    let best = KernelLevel.ofThisMachine
    try report(
      "compute", runtime.summary,
      cure: runtime.kernelLevel < best
        ? "\(KernelLevel.variable) holds the kernels at \(runtime.kernelLevel.rawValue); this processor has "
          + "\(best.rawValue)" : nil)
    if let available = Machine.availableMemory {
      try report(
        "memory", "\(available / 1_000_000) MB available",
        cure: available < 2_000_000_000 ? "a model of 135 million parameters trains in about 1000 MB" : nil)
    }
    let environment = ProcessInfo.processInfo.environment
    let locale =
      [environment["LC_ALL"], environment["LC_CTYPE"], environment["LANG"]].compactMap { $0 }
      .first { !$0.isEmpty } ?? ""
    let isUTF8 = ["UTF-8", "UTF8"].contains { locale.uppercased().hasSuffix($0) }
    try report(
      "locale", locale.isEmpty ? "not set" : locale,
      cure: isUTF8 ? nil : "charts are drawn in ASCII; export LANG=C.UTF-8 gives finer ones")
    let terminal = environment["TERM"] ?? "not set"
    if RunScreen.isPossible {
      try report(
        "terminal", terminal,
        cure: terminal == "dumb" || terminal == "not set" || terminal.isEmpty
          ? "the screen needs a terminal that can place the cursor; export TERM=xterm-256color if it can" : nil)
    } else {
      try report(
        "terminal", "none", cure: "without a terminal `train` and `demo` print JSON lines in place of the screen")
    }
    try output.write(
      notes == 0
        ? "all well"
        : notes == 1 ? "1 note; it keeps nothing from running" : "\(notes) notes; they keep nothing from running")
  }
}
