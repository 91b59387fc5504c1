import Foundation
import Testing

extension EndToEnd {
  @Suite("kernel levels")
  struct KernelLevels {
    /// The same bits at a level on any number of threads; the record and doctor name the level.
    @Test("WORKBENCH_KERNELS caps the level, and doctor and the record say so")
    func capped() async throws {
      let folder = try TemporaryFolder()
      try folder.write("rows.jsonl", EndToEnd.rows)
      try folder.write("RUN.yaml", EndToEnd.runFile(train: "rows.jsonl"))
      var adapters: [Data] = []
      for threads in 1...2 {
        let result = try await Program.run(
          ["train", "RUN.yaml", "--headless", "--session", "run-\(threads)", "--set", "training.threads=\(threads)"],
          environment: ["WORKBENCH_KERNELS": "portable"], directory: folder.path)
        #expect(result.ending == .exited(0), "\(result.errors)")
        adapters.append(try Data(contentsOf: folder.url("run-\(threads)/checkpoint-2/adapter_model.safetensors")))
      }
      #expect(adapters[0] == adapters[1])
      let shown = try await Program.run(["sessions", "show", folder.path("run-1")])
      #expect(shown.output.contains("portable kernels"), "\(shown.output)")

      let doctor = try await Program.run(["doctor"], environment: ["WORKBENCH_KERNELS": "portable"])
      #expect(doctor.output.contains("portable kernels"), "\(doctor.output)")
    }

    @Test("a level that does not exist is refused with the list of those that do")
    func unknown() async throws {
      let result = try await Program.run(["doctor"], environment: ["WORKBENCH_KERNELS": "avx3"])
      #expect(result.ending == .exited(2))
      #expect(
        result.errors
          == "error: WORKBENCH_KERNELS: \"avx3\" is not known (one of: portable, avx2, avx512, avx512-bf16, amx)\n")
    }
  }
}
