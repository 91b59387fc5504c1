// swift-tools-version: 6.1
import PackageDescription

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
    .target(name: "Numerics", dependencies: ["CKernels"], path: "Sources/Core/Numerics"),
    .target(name: "JSON", dependencies: ["CBytes"], path: "Sources/Core/JSON"),
    .target(name: "Checkpoint", dependencies: ["Numerics", "JSON"], path: "Sources/Core/Checkpoint"),
    .target(name: "Text", dependencies: ["JSON"], path: "Sources/Core/Text"),
    .target(name: "Model", dependencies: ["Numerics", "Checkpoint"], path: "Sources/Core/Model"),
    .target(
      name: "PreferenceData", dependencies: ["Text", "JSON", "CBytes", "CZlib", "CZstd"], path: "Sources/Core/Data"),
    .target(name: "Preference", dependencies: ["Numerics"], path: "Sources/Core/Preference"),
    .target(name: "Control", path: "Sources/Core/Control"),
    .target(
      name: "Training",
      dependencies: [
        "Numerics", "JSON", "Checkpoint", "Text", "Model", "PreferenceData", "Preference", "Control", "Yams",
      ],
      path: "Sources/Core/Training"),
    .target(
      name: "Session",
      dependencies: [
        "Training", "Control", "Checkpoint", "JSON", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      path: "Sources/Core/Session"),
    .target(
      name: "SpeedMeasurement", dependencies: ["Numerics", "Checkpoint", "Model"],
      path: "Sources/Core/Evaluation/Speed"),

    // The teaching world behind `workbench demo`.
    .target(
      name: "DemoWorld", dependencies: ["Numerics"], path: "Sources/DemoWorld", resources: [.copy("Resources")]),
    .executableTarget(name: "make-demo-world", dependencies: ["DemoWorld"], path: "Sources/MakeDemoWorld"),

    // The program.
    .target(
      name: "WorkbenchScreen", dependencies: ["CNcurses", "CTerminal", "Control", "Preference", "Yams"],
      path: "Sources/Workbench/Screen"),
    .executableTarget(
      name: "workbench",
      dependencies: [
        "WorkbenchScreen", "CTerminal", "CProcess", "Session", "Training", "DemoWorld", "Control", "Model",
        "Checkpoint",
        "Numerics", "Text", "PreferenceData", "Preference", "JSON", "SpeedMeasurement",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/Workbench/Commands"),

    .testTarget(
      name: "CoreTests",
      dependencies: [
        "Numerics", "Checkpoint", "Text", "Model", "PreferenceData", "Preference", "Control", "Training", "Session",
        "DemoWorld", "SpeedMeasurement", "JSON", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      path: "Tests/CoreTests"),
    .testTarget(
      name: "WorkbenchTests", dependencies: ["WorkbenchScreen", "Control"], path: "Tests/WorkbenchTests"),
    .testTarget(
      name: "EndToEndTests",
      dependencies: ["Session", "Training", "Checkpoint", "Control", .product(name: "GRDB", package: "GRDB.swift")],
      path: "Tests/EndToEndTests"),
    .executableTarget(
      name: "trap-screen", dependencies: ["WorkbenchScreen", "Control"], path: "Tests/Programs/TrapScreen"),
    .target(name: "CAllocationMeter", path: "Tests/CAllocationMeter"),
    .testTarget(
      name: "FuzzTests",
      dependencies: [
        "CAllocationMeter", "Numerics", "JSON", "Checkpoint", "Text", "PreferenceData", "Training", "Session",
        "WorkbenchScreen",
      ],
      path: "Tests/FuzzTests"),
  ],
  swiftLanguageModes: [.v6]
)
