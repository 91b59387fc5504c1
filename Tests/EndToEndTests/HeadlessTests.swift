import Foundation
import Testing

extension EndToEnd {
  @Suite("headless runs")
  struct Headless {
    /// The contract's order.
    static let stepKeys = [
      "step", "epoch", "loss", "learning_rate", "grad_norm", "rewards/chosen", "rewards/rejected", "rewards/margins",
      "rewards/accuracies", "logps/chosen", "logps/rejected", "gamma", "ess",
      "saturated_share", "beta", "num_tokens", "step_time",
    ]

    @Test("one JSON line a step in the contract's order, from margin 0 and loss ln 2 to a last line that says finished")
    func lines() async throws {
      let folder = try TemporaryFolder()
      try folder.write("heldout.jsonl", EndToEnd.rows)
      let result = try await Program.run(
        [
          "demo", "--headless", "--set", "training.max_steps=6", "--set", "training.prompts_per_step=2", "--set",
          "training.eval_steps=4", "--set", "data.eval=heldout.jsonl",
        ], directory: folder.path)
      #expect(result.ending == .exited(0), "\(result.errors)")
      #expect(result.complaints.isEmpty)
      #expect(result.objects.count == result.lines.count, "every line is a JSON object")
      #expect(result.objects.first?.event == "started")
      #expect(result.objects.last?.event == "finished")
      #expect(result.objects.last?.text("reason") == "completed")
      #expect(result.objects.last?.integer("step") == 6)

      let steps = result.objects.filter(\.isStep)
      #expect(steps.map { $0.integer("step") } == [1, 2, 3, 4, 5, 6])
      for step in steps { #expect(step.keys == Self.stepKeys) }
      let first = try #require(steps.first)
      // B = 0: the policy is the reference, every s is 0, and each prompt's loss is −log σ(0).
      #expect(first.number("rewards/margins") == 0)
      #expect(first.number("rewards/chosen") == 0)
      #expect(abs(try #require(first.number("loss")) - log(2.0)) < 1e-12)
      // The staircase begins at −5 and ends at 5.
      #expect(first.number("gamma") == -5)
      #expect(steps.last?.number("gamma") == 5)
      for pair in zip(steps, steps.dropFirst()) {
        #expect(try #require(pair.0.number("num_tokens")) < #require(pair.1.number("num_tokens")))
      }

      // Every four steps and at the end.
      let evaluations = result.objects.filter { $0.keys.contains("eval_loss") }
      #expect(evaluations.map { $0.integer("step") } == [4, 6])
      #expect(evaluations.allSatisfy { $0.integer("eval_prompts") == 2 })
      #expect(
        evaluations.last?.keys == [
          "step", "epoch", "eval_loss", "eval_rewards/chosen", "eval_rewards/rejected", "eval_rewards/margins",
          "eval_rewards/accuracies", "eval_logps/chosen", "eval_logps/rejected", "eval_margins/hardest",
          "eval_margins/mean", "eval_margins/rdpo_hardest", "eval_margins/rdpo_mean", "eval_ranking_accuracy",
          "eval_length_correlation", "eval_policy_kl", "eval_prompts", "eval_runtime",
        ])
      #expect(result.objects.contains { $0.event == "generation" })
      // How the untrained model answers, for a before and after.
      #expect(result.objects.filter { $0.event == "answer_shares" }.map { $0.integer("step") } == [0, 4, 6])
    }

    @Test("single answers that are right or wrong train with kto")
    func unpaired() async throws {
      let folder = try TemporaryFolder()
      let answers = [
        ("How do I clean a pan?", "Soak it in warm water.", true), ("How do I fix a tap?", "Shout at it.", false),
        ("How do I fix a tap?", "Change the washer.", true), ("How do I dry a towel?", "Hang it up.", true),
      ]
      try folder.write(
        "answers.jsonl",
        answers.map { #"{"prompt": "\#($0.0)", "completion": "\#($0.1)", "label": \#($0.2)}"# + "\n" }.joined())
      func train(_ loss: String, _ held: String) async throws -> Program.Result {
        try await Program.run(
          EndToEnd.headlessDemo(
            steps: 4,
            [
              "--set", "data.train=answers.jsonl", "--set", held, "--set", "preference.model=pl", "--set",
              "preference.parameterization=\(loss)",
            ]), directory: folder.path)
      }
      let result = try await train("kto", "data.eval_fraction=0.34")
      #expect(result.ending == .exited(0), "\(result.errors)")
      // Three prompts, of which one is held out.
      #expect(result.objects.first?.integer("prompts") == 2)
      let steps = result.objects.filter(\.isStep)
      #expect(steps.map(\.keys) == Array(repeating: Self.stepKeys + ["kl"], count: 4))
      #expect(steps.first?.number("kl") == 0)
      // λ = 1 and D = 0: 1 − σ(0) for every response.
      #expect(steps.first?.number("loss") == 0.5)
      let evaluation = try #require(result.objects.last { $0.keys.contains("eval_loss") })
      #expect(evaluation.keys.contains("eval_kl") && evaluation.keys.contains("eval_policy_kl"))

      // A loss of pairs keeps the one prompt that has a right and a wrong answer.
      #expect(try await train("dpo", "data.eval=null").objects.first?.integer("prompts") == 1)
    }

    @Test("the demo can be run twice in the same place; neither run touches the other's record")
    func twice() async throws {
      let folder = try TemporaryFolder()
      var sessions: [String] = []
      for _ in 1...2 {
        let result = try await Program.run(EndToEnd.headlessDemo(steps: 1), directory: folder.path)
        #expect(result.ending == .exited(0), "\(result.errors)")
        let session = try #require(result.objects.first?.text("session"))
        let record = SessionRecord.objects(folder.path(session))
        #expect(record.map(SessionRecord.comparable) == result.objects.map(SessionRecord.comparable))
        sessions.append(session)
      }
      #expect(Set(sessions).count == 2)
    }

    /// What a run computed: its lines without what depends on the clock or names the machine.
    private func numbers(_ result: Program.Result) -> [String] {
      result.objects.filter { $0.event == nil }.map(\.lineWithoutTime)
    }

    @Test("the same seed gives the same numbers, at any number of threads; another seed gives others")
    func determinism() async throws {
      func run(_ more: [String]) async throws -> Program.Result {
        try await Program.run(EndToEnd.headlessDemo(steps: 6, more))
      }
      let first = try await run(["--set", "training.threads=2"])
      let again = try await run(["--set", "training.threads=2"])
      let single = try await run(["--set", "training.threads=1"])
      let other = try await run(["--set", "training.threads=1", "--set", "training.seed=7"])
      #expect(numbers(first).count == 6, "\(first.errors)")
      #expect(numbers(again) == numbers(first))
      #expect(numbers(single) == numbers(first))
      #expect(numbers(other) != numbers(first))
    }

    @Test("the record in the session folder is what was printed")
    func record() async throws {
      let folder = try TemporaryFolder()
      let result = try await EndToEnd.recordDemo(steps: 3, in: folder)
      #expect(result.ending == .exited(0), "\(result.errors)")
      let record = SessionRecord.objects(folder.path("run"))
      #expect(record.map(SessionRecord.comparable) == result.objects.map(SessionRecord.comparable))
      #expect(result.objects.last?.text("checkpoint")?.hasSuffix("checkpoint-3") == true)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path("run/checkpoint-3"))
      let wanted: Set = [
        "adapter_config.json", "adapter_model.safetensors", "optimizer.safetensors", "trainer_state.json",
      ]
      #expect(wanted.isSubset(of: files))
    }

    @Test("TERM, INT and HUP save a checkpoint and end with 130", arguments: [SIGTERM, SIGINT, SIGHUP])
    func interrupted(signal: Int32) async throws {
      let folder = try TemporaryFolder()
      let run = try LiveProgram(
        EndToEnd.headlessDemo(steps: 100_000, ["--session", "run"]), input: .text(""), directory: folder.path)
      _ = try await run.object("the third step") { $0.isStep && $0.integer("step") == 3 }
      run.signal(signal)
      #expect(try await run.end() == .exited(130))
      let last = try #require(run.objects.last)
      #expect(last.event == "finished")
      #expect(last.text("reason") == "interrupted")
      let step = try #require(last.integer("step"))
      #expect(run.objects.last { $0.isStep }?.integer("step") == step)
      let checkpoint = try #require(last.text("checkpoint"))
      #expect(checkpoint.hasSuffix("checkpoint-\(step)"))
      // Paths are relative to where the program ran.
      #expect(FileManager.default.fileExists(atPath: folder.path("run/checkpoint-\(step)/adapter_model.safetensors")))
      #expect(!run.errors.contains("error: "))
    }

    @Test("a reader that goes away stops the run, which says so and can be resumed")
    func brokenPipe() async throws {
      let folder = try TemporaryFolder()
      let arguments = EndToEnd.headlessDemo(steps: 100_000, ["--session", "run"]).map { "'\($0)'" }
        .joined(separator: " ")
      let result = try await Program.shell(
        #"{ "$WORKBENCH" \#(arguments); echo "status $?" >&2; } | head -n 4"#, directory: folder.path)
      #expect(result.objects.count == 4 && result.objects.first?.event == "started")
      #expect(result.errorLines.last == "status 130", "\(result.errors)")
      #expect(result.complaints.isEmpty)
      let sentence = "warning: whoever read standard output has gone; the run stops after this step and saves"
      #expect(result.errorLines.filter { $0.hasPrefix("warning: whoever") } == [sentence], "\(result.errors)")
      let record = SessionRecord.objects(folder.path("run"))
      // One stop, obeyed, and none that was refused.
      #expect(record.filter { $0.text("origin") == "signal" }.map(\.event) == ["stop"])
      let step = try #require(record.last { $0.isStep }?.integer("step"))
      #expect(record.last?.event == "finished" && record.last?.text("reason") == "interrupted")
      #expect(FileManager.default.fileExists(atPath: folder.path("run/checkpoint-\(step)/adapter_model.safetensors")))
    }

    @Test("an endless input ends with the reader of the output")
    func brokenPipeOfFilter() async throws {
      let result = try await Program.shell(
        #"yes '"a cup of tea"' | "$WORKBENCH" tokenize --model "$MODEL" - | head -n 2"#,
        environment: ["MODEL": Project.Demo.model], limit: 60)
      #expect(result.lines.count == 2)
      #expect(result.complaints.isEmpty, "\(result.errors)")
    }
  }
}
