# make run    installs what is missing, builds, opens the workbench on its embedded default and trains
# make test   the same set-up, then every test
# make test-numbers WORKBENCH_KERNELS=avx2   after make test: what computes numbers once more, at a lower kernel level
# make build  the release build alone            make bench   the benchmark suite
# make real-model   fetches a real GGUF model, imports it and asks it a question
# make soak   the long sweeps (fuzzing, kills, kernels on arm64)    make format  swift-format over the tree

# One configuration everywhere, so that run and test share one build. With colours a terminal's build would be another
# one than a log's.
# Line numbers in crash reports would cost a twelfth of the compile time; functions are named without them.
SWIFT_FLAGS := -c release --no-color-diagnostics -debug-info-format none
PROGRAM     := .build/release/workbench
SOURCES     := Sources Tests Package.swift

.PHONY: run test test-numbers build setup bench real-model soak format lint clean

run: build
	@$(PROGRAM) demo

build: setup
	@swift build $(SWIFT_FLAGS) --product workbench

# `swift test` without --skip-build would compile everything once more.
test: setup
	@swift build $(SWIFT_FLAGS) --build-tests
	@swift test $(SWIFT_FLAGS) --skip-build

# Kernels, passes, trajectories, the steady state, kills and resumes: whatever a kernel level could change.
NUMBERS := DeviceCPUTests|ModelTests|TrainingTests|ResumeTests|Kills|Branch
test-numbers: setup
	@WORKBENCH_KERNELS=$(WORKBENCH_KERNELS) swift test $(SWIFT_FLAGS) --skip-build --filter '$(NUMBERS)'

setup:
	@./Tools/setup.sh

# A real model: fetched (90 MB), imported and asked. It needs python3 with venv, and the network.
real-model: build
	@./Tools/real-model.sh

# make bench BENCH="--only step profile"; the names: make bench BENCH=--list
bench: build
	@swift build -c release --package-path Benchmarks --product bench
	@Benchmarks/.build/release/bench --json Benchmarks/results/$$(date +%F)-$$(uname -n).json $(BENCH)

soak: setup
	@swift build $(SWIFT_FLAGS) --build-tests
	@WORKBENCH_SOAK=1 swift test $(SWIFT_FLAGS) --skip-build
	@Tools/kernel-twins.sh

format:
	@swift format --in-place --recursive --parallel $(SOURCES)

lint:
	@swift format lint --strict --recursive --parallel $(SOURCES)

clean:
	@rm -rf .build
