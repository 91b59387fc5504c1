// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that the main build stays light. Run it with `make bench`, or
//   swift run -c release --package-path Benchmarks bench --help
let package = Package(
  name: "workbench-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "workbench", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    // What Swift cannot say plainly: memory bandwidth, a sampling profiler, children on a terminal.
    .target(name: "CMeasure", cSettings: [.unsafeFlags(["-O3"])]),
    .executableTarget(
      name: "bench",
      dependencies: [
        "CMeasure",
        .product(name: "WorkbenchCore", package: "workbench"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
