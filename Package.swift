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

// Targets are the architecture: an arrow that is not listed here does not compile.
//   JSON, Numerics <- Checkpoint, Model <- Preference, PreferenceData <- Training <- Session <- Workbench
let package = Package(
  name: "workbench",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "workbench", targets: ["workbench"]),
    // For Benchmarks/, a package of its own.
    .library(
      name: "WorkbenchCore",
      targets: [
        "Numerics", "JSON", "Checkpoint", "Text", "Model", "PreferenceData", "Control", "Training", "Session",
        "SpeedMeasurement",
      ]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // C: unsafe code lives here and in Numerics.
    .systemLibrary(
      name: "CNcurses", path: "Sources/CNcurses", providers: [.apt(["libncursesw5-dev"])]),
    .target(name: "CTerminal", path: "Sources/CTerminal"),
    .target(name: "CProcess", dependencies: ["CTerminal"], path: "Sources/CProcess"),
    .target(name: "CKernels", path: "Sources/CKernels", cSettings: [.unsafeFlags(["-O3"])]),
    .systemLibrary(name: "CBytes", path: "Sources/CBytes"),
    .systemLibrary(name: "CZlib", path: "Sources/CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", path: "Sources/CZstd", providers: [.apt(["libzstd-dev"])]),

    // Core: the engine. No terminal code.
    .target(
      name: "Numerics", dependencies: ["CKernels"], path: "Sources/Core/Numerics", swiftSettings: testable),
    .target(name: "JSON", dependencies: ["CBytes"], path: "Sources/Core/JSON", swiftSettings: testable),
    .target(
      name: "Checkpoint", dependencies: ["Numerics", "JSON"], path: "Sources/Core/Checkpoint", swiftSettings: testable),
    .target(name: "Text", dependencies: ["JSON"], path: "Sources/Core/Text", swiftSettings: testable),
    .target(
      name: "Model", dependencies: ["Numerics", "Checkpoint"], path: "Sources/Core/Model", swiftSettings: testable),
    .target(
      name: "PreferenceData", dependencies: ["Text", "JSON", "CBytes", "CZlib", "CZstd"], path: "Sources/Core/Data",
      swiftSettings: testable),
    .target(
      name: "Preference", dependencies: ["Numerics", "Control"], path: "Sources/Core/Preference", swiftSettings: testable),
    .target(name: "Control", path: "Sources/Core/Control", swiftSettings: testable),
    .target(
      name: "Training",
      dependencies: [
        "Numerics", "JSON", "Checkpoint", "Text", "Model", "PreferenceData", "Preference", "Control", "Yams",
      ],
      path: "Sources/Core/Training", swiftSettings: testable),
    .target(
      name: "Session",
      dependencies: [
        "Training", "Control", "Checkpoint", "JSON", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      path: "Sources/Core/Session", swiftSettings: testable),
    .target(
      name: "SpeedMeasurement", dependencies: ["Numerics", "Checkpoint", "Model"],
      path: "Sources/Core/Evaluation/Speed", swiftSettings: testable),

    // The teaching world behind `workbench demo`.
    .target(
      name: "DemoWorld", dependencies: ["Numerics"], path: "Sources/DemoWorld", resources: [.copy("Resources")],
      swiftSettings: testable),
    .executableTarget(name: "make-demo-world", dependencies: ["DemoWorld"], path: "Sources/MakeDemoWorld"),

    // The program.
    .target(
      name: "WorkbenchScreen", dependencies: ["CNcurses", "CTerminal", "Control", "Preference", "Yams"],
      path: "Sources/Workbench/Screen", swiftSettings: testable),
    .executableTarget(
      name: "workbench",
      dependencies: [
        "WorkbenchScreen", "CTerminal", "CProcess", "Session", "Training", "DemoWorld", "Control", "Model",
        "Checkpoint",
        "Numerics", "Text", "PreferenceData", "Preference", "JSON", "SpeedMeasurement",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/Workbench/Commands"),

    // One test target a module, so that a module's tests compile as soon as it does.
    .testTarget(
      name: "NumericsTests", dependencies: ["Numerics"], path: "Tests/CoreTests/Numerics", swiftSettings: optimized),
    .testTarget(
      name: "JSONTests", dependencies: ["JSON", "TestSupport"], path: "Tests/CoreTests/JSON", swiftSettings: testing),
    .testTarget(
      name: "CheckpointTests", dependencies: ["Checkpoint", "Numerics", "JSON"], path: "Tests/CoreTests/Checkpoint",
      swiftSettings: testing),
    .testTarget(
      name: "TextTests", dependencies: ["Text", "JSON", "TestSupport"], path: "Tests/CoreTests/Text",
      swiftSettings: testing),
    .testTarget(
      name: "ModelTests", dependencies: ["Model", "Numerics", "Checkpoint", "SpeedMeasurement"],
      path: "Tests/CoreTests/Model", swiftSettings: testing),
    .testTarget(
      name: "PreferenceDataTests", dependencies: ["PreferenceData", "Text", "JSON", "TestSupport"],
      path: "Tests/CoreTests/Data", swiftSettings: testing),
    .testTarget(
      name: "PreferenceTests", dependencies: ["Preference", "Control", "Numerics"], path: "Tests/CoreTests/Preference",
      swiftSettings: testing),
    .testTarget(
      name: "RunFileTests",
      dependencies: ["Training", "Checkpoint", "Numerics", "Preference", "PreferenceData", "Text"],
      path: "Tests/CoreTests/RunFile", swiftSettings: testing),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "TrainingFixture", "TestSupport", "Training", "Control", "Checkpoint", "Model", "Numerics", "Preference",
        "PreferenceData", "Session", "Text", "DemoWorld",
      ],
      path: "Tests/CoreTests/Training", swiftSettings: testing),
    .testTarget(
      name: "SessionTests",
      dependencies: [
        "TrainingFixture", "TestSupport", "Session", "Training", "Control", "Checkpoint", "Numerics", "Preference",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      path: "Tests/CoreTests/Session", swiftSettings: testing),
    .testTarget(
      name: "DemoWorldTests", dependencies: ["DemoWorld"], path: "Tests/CoreTests/DemoWorld", swiftSettings: testing),
    .testTarget(
      name: "DocumentationTests",
      dependencies: ["TestSupport", "Control", "Session", "Training", "Preference", "PreferenceData", "Text"],
      path: "Tests/CoreTests/Docs", swiftSettings: testing),
    .testTarget(
      name: "WorkbenchTests", dependencies: ["WorkbenchScreen", "Control"], path: "Tests/WorkbenchTests",
      swiftSettings: testing),
    .testTarget(
      name: "EndToEndTests",
      dependencies: ["Session", "Training", "Checkpoint", "Control", .product(name: "GRDB", package: "GRDB.swift")],
      path: "Tests/EndToEndTests", swiftSettings: testing),
    .testTarget(
      name: "FuzzTests",
      dependencies: [
        "CAllocationMeter", "Numerics", "JSON", "Checkpoint", "Text", "PreferenceData", "Training", "Session",
        "WorkbenchScreen",
      ],
      path: "Tests/FuzzTests", swiftSettings: testing),

    // What the tests share.
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: testing),
    .target(
      name: "TrainingFixture",
      dependencies: [
        "TestSupport", "Training", "Control", "Checkpoint", "Model", "Numerics", "Preference", "PreferenceData",
      ],
      path: "Tests/TrainingFixture",
      swiftSettings: testable + testing),
    .executableTarget(
      name: "trap-screen", dependencies: ["WorkbenchScreen", "Control"], path: "Tests/Programs/TrapScreen"),
    .target(name: "CAllocationMeter", path: "Tests/CAllocationMeter"),
  ],
  swiftLanguageModes: [.v6]
)
