// swift-tools-version: 6.1
import PackageDescription

// Tests read what is internal to this package's modules. A flag of the whole build would keep all that is internal to
// the dependencies as well, and GRDB alone would take several seconds more to compile.
let testable: [SwiftSetting] = [.unsafeFlags(["-enable-testing"])]

// Tests are compiled for one short run: without the optimizer, without a second pass for a module that nobody imports,
// and with no index but the one of their own names, which SwiftPM looks for tests in.
let testing: [SwiftSetting] = [
  .unsafeFlags(["-Onone", "-no-emit-module-separately-wmo", "-index-ignore-system-modules"])
]

// What tests of numbers compute themselves are loops of millions of steps.
let optimized: [SwiftSetting] = [
  .unsafeFlags(["-O", "-no-emit-module-separately-wmo", "-index-ignore-system-modules"])
]

// Targets are the architecture: an arrow that is not listed here does not compile. A target's folder has its name.
//   Base, JSON, Control <- Device, Checkpoint, Text, Tables, Preference <- Model (never DeviceCPU), GGUF, PreferenceData
//   <- Job, RunFile <- Evaluation <- Training <- Session <- Commands <- workbench
let package = Package(
  name: "workbench",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "workbench", targets: ["workbench"]),
    // For Benchmarks/, a package of its own.
    .library(
      name: "WorkbenchCore",
      targets: [
        "Base", "Device", "DeviceCPU", "JSON", "Checkpoint", "GGUF", "Text", "Model", "PreferenceData", "Control",
        "RunFile", "Job",
        "Evaluation", "Training", "Session", "SpeedMeasurement",
      ]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // C: unsafe code lives here, in DeviceCPU and in what Base knows of mapped files and hashes.
    .systemLibrary(name: "CNcurses", providers: [.apt(["libncursesw5-dev"])]),
    .target(name: "CTerminal"),
    .target(name: "CProcess", dependencies: ["CTerminal"]),
    .target(name: "CHash", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),
    .systemLibrary(name: "CBytes"),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),

    // Core: the engine. No terminal code.
    .target(name: "Base", dependencies: ["CHash"], path: "Sources/Core/Base", swiftSettings: testable),
    .target(name: "JSON", dependencies: ["CBytes"], path: "Sources/Core/JSON", swiftSettings: testable),
    .target(name: "Control", path: "Sources/Core/Control", swiftSettings: testable),
    .target(name: "Device", dependencies: ["Base"], path: "Sources/Core/Device", swiftSettings: testable),
    .target(
      name: "DeviceCPU", dependencies: ["Base", "Device", "CKernels"], path: "Sources/Core/DeviceCPU",
      swiftSettings: testable),
    .target(
      name: "Checkpoint", dependencies: ["Base", "JSON"], path: "Sources/Core/Checkpoint", swiftSettings: testable),
    .target(name: "Text", dependencies: ["JSON"], path: "Sources/Core/Text", swiftSettings: testable),
    .target(
      name: "GGUF", dependencies: ["Base", "JSON", "Checkpoint"], path: "Sources/Core/GGUF", swiftSettings: testable),
    .target(
      name: "Model", dependencies: ["Base", "Device", "Checkpoint"], path: "Sources/Core/Model",
      swiftSettings: testable),
    .target(
      name: "Tables", dependencies: ["Base", "JSON", "CBytes", "CZlib", "CZstd"], path: "Sources/Core/Tables",
      swiftSettings: testable),
    .target(
      name: "PreferenceData", dependencies: ["Tables", "Text", "JSON", "CBytes", "CZlib", "CZstd"],
      path: "Sources/Core/PreferenceData", swiftSettings: testable),
    .target(
      name: "Preference", dependencies: ["Base", "Control"], path: "Sources/Core/Preference", swiftSettings: testable),
    .target(
      name: "RunFile",
      dependencies: ["Device", "JSON", "Checkpoint", "Text", "PreferenceData", "Preference", "Control", "Yams"],
      path: "Sources/Core/RunFile", swiftSettings: testable),
    .target(
      name: "Job", dependencies: ["JSON", "PreferenceData"], path: "Sources/Core/Job", swiftSettings: testable),
    .target(
      name: "Evaluation",
      dependencies: [
        "Base", "Control", "Device", "DeviceCPU", "JSON", "Checkpoint", "Text", "Model", "PreferenceData", "Preference",
        "Job", "GGUF",
      ],
      path: "Sources/Core/Evaluation", swiftSettings: testable),
    .target(
      name: "Training",
      dependencies: [
        "Base", "Device", "DeviceCPU", "JSON", "Checkpoint", "Text", "Model", "PreferenceData", "Preference", "Control",
        "RunFile",
        "Job", "Evaluation", "GGUF",
      ],
      path: "Sources/Core/Training", swiftSettings: testable),
    .target(
      name: "Session",
      dependencies: [
        "Base", "Training", "RunFile", "Control", "Checkpoint", "JSON", "GGUF",
        .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      path: "Sources/Core/Session", swiftSettings: testable),
    .target(
      name: "SpeedMeasurement", dependencies: ["Base", "Device", "DeviceCPU", "Checkpoint", "Model"],
      path: "Sources/Core/SpeedMeasurement", swiftSettings: testable),

    // The teaching world behind `workbench demo`.
    .target(
      name: "DemoWorld", dependencies: ["Base"], resources: [.copy("Resources")], swiftSettings: testable),
    .executableTarget(name: "make-demo-world", dependencies: ["DemoWorld"]),

    // The program.
    .target(
      name: "WorkbenchScreen", dependencies: ["CNcurses", "CTerminal", "Base", "Control", "Preference", "Yams"],
      path: "Sources/Workbench/WorkbenchScreen", swiftSettings: testable),
    .target(
      name: "Commands",
      dependencies: [
        "WorkbenchScreen", "CTerminal", "CProcess", "Session", "Training", "RunFile", "DemoWorld", "Control", "Model",
        "Checkpoint", "Device", "DeviceCPU", "Base", "Text", "PreferenceData", "Preference", "JSON", "SpeedMeasurement",
        "Job", "Evaluation", "GGUF", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/Workbench/Commands", swiftSettings: testable),
    .executableTarget(name: "workbench", dependencies: ["Commands"], path: "Sources/Workbench/workbench"),

    // One test target a module, so that a module's tests compile as soon as it does.
    .testTarget(name: "BaseTests", dependencies: ["Base", "TestSupport"], swiftSettings: testing),
    .testTarget(
      name: "DeviceCPUTests", dependencies: ["Device", "DeviceCPU", "NaiveDevice", "Base"], swiftSettings: optimized),
    .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: testing),
    .testTarget(name: "ControlTests", dependencies: ["Control"], swiftSettings: testing),
    .testTarget(name: "CheckpointTests", dependencies: ["Checkpoint", "Base", "JSON"], swiftSettings: testing),
    .testTarget(
      name: "GGUFTests", dependencies: ["GGUF", "Base", "Checkpoint", "JSON", "Text", "TestSupport"],
      swiftSettings: testing),
    .testTarget(name: "TextTests", dependencies: ["Text", "JSON", "TestSupport"], swiftSettings: testing),
    .testTarget(
      name: "ModelTests",
      dependencies: [
        "Model", "Base", "Device", "DeviceCPU", "NaiveDevice", "TestSupport", "Checkpoint", "SpeedMeasurement",
      ],
      swiftSettings: testing),
    .testTarget(
      name: "TablesTests", dependencies: ["Tables", "Base", "JSON", "TestSupport", "CAllocationMeter"],
      swiftSettings: testing),
    .testTarget(
      name: "PreferenceDataTests", dependencies: ["PreferenceData", "Text", "JSON", "TestSupport"],
      swiftSettings: testing),
    .testTarget(name: "PreferenceTests", dependencies: ["Preference", "Control", "Base"], swiftSettings: testing),
    .testTarget(
      name: "RunFileTests", dependencies: ["RunFile", "Checkpoint", "Preference", "PreferenceData", "TestSupport"],
      swiftSettings: testing),
    .testTarget(
      name: "JobTests", dependencies: ["Job", "PreferenceData", "JSON", "TestSupport"], swiftSettings: testing),
    .testTarget(
      name: "EvaluationTests",
      dependencies: [
        "Evaluation", "Base", "Control", "Preference", "PreferenceData", "Model", "Checkpoint", "Text", "Job",
        "DemoWorld",
        "DeviceCPU", "TestSupport",
      ],
      swiftSettings: testing),
    .testTarget(
      name: "CommandsTests",
      dependencies: [
        "Commands", "Training", "RunFile", "Session", "Control", "DemoWorld", "Checkpoint", "TestSupport",
      ],
      swiftSettings: testing),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "TrainingFixture", "TestSupport", "Training", "Evaluation", "RunFile", "Control", "Checkpoint", "Model",
        "DeviceCPU", "Base",
        "Preference", "PreferenceData", "Session", "Text", "DemoWorld",
      ],
      swiftSettings: testing),
    .testTarget(
      name: "SessionTests",
      dependencies: [
        "TrainingFixture", "TestSupport", "Session", "Training", "Evaluation", "RunFile", "Control", "Checkpoint",
        "DeviceCPU",
        "Preference", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: testing),
    .testTarget(name: "DemoWorldTests", dependencies: ["DemoWorld"], swiftSettings: testing),
    .testTarget(
      name: "DocumentationTests",
      dependencies: [
        "TestSupport", "Session", "Training", "RunFile", "Control", "Checkpoint", "Preference", "PreferenceData",
        "Text",
      ],
      swiftSettings: testing),
    .testTarget(name: "WorkbenchTests", dependencies: ["WorkbenchScreen", "Control"], swiftSettings: testing),
    .testTarget(
      name: "EndToEndTests",
      dependencies: ["Session", "Training", "Checkpoint", "Control", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: testing),
    .testTarget(
      name: "FuzzTests",
      dependencies: [
        "CAllocationMeter", "JSON", "Checkpoint", "GGUF", "Tables", "Text", "PreferenceData", "RunFile", "Training",
        "Session",
        "WorkbenchScreen",
      ],
      swiftSettings: testing),

    // What the tests share.
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: testing),
    .target(
      name: "NaiveDevice", dependencies: ["Base", "Device"], path: "Tests/NaiveDevice",
      swiftSettings: testable + optimized),
    .target(
      name: "TrainingFixture",
      dependencies: [
        "TestSupport", "Training", "Evaluation", "Control", "Checkpoint", "Model", "DeviceCPU", "Base", "Preference",
        "PreferenceData",
      ],
      path: "Tests/TrainingFixture", swiftSettings: testable + testing),
    .executableTarget(
      name: "trap-screen", dependencies: ["WorkbenchScreen", "Control"], path: "Tests/Programs/trap-screen"),
    .target(name: "CAllocationMeter", path: "Tests/CAllocationMeter"),
  ],
  swiftLanguageModes: [.v6]
)
