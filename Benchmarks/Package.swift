// swift-tools-version: 6.3
import PackageDescription

// A package of its own: what it needs never burdens a build of WordWeave, and it sees only what
// WordWeave makes public.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

func wordweave(_ product: String) -> Target.Dependency {
  .product(name: product, package: "wordweave")
}

let package = Package(
  name: "wordweave-benchmarks",
  dependencies: [
    // Named, since a path dependency is otherwise called after the folder of the clone.
    .package(name: "wordweave", path: ".."),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird.git",
      from: "2.28.1",
      traits: []
    ),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
  ],
  targets: [
    // The yardstick calls the C API by a shim of its own, so that no driver of ours is in its way.
    .systemLibrary(name: "CRawRocksDB", path: "Sources/CRawRocksDB", pkgConfig: "rocksdb"),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "CRawRocksDB",
        wordweave("EventLogCore"), wordweave("EventLogRocksDB"), wordweave("MessagingCore"),
        wordweave("MessagingInProcess"), wordweave("ProjectionsCore"),
        wordweave("ProjectionsRocksDB"), wordweave("WeaveRuntime"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings
    ),
    // What the programs of the goals share.
    .target(name: "Measuring", swiftSettings: settings),
    // Loads a server of `umadb.v1`; knows nothing of WordWeave.
    .systemLibrary(
      name: "CRawNghttp2",
      path: "Sources/CRawNghttp2",
      pkgConfig: "libnghttp2",
      providers: [.apt(["libnghttp2-dev"])]
    ),
    .executableTarget(
      name: "Load",
      dependencies: ["CRawNghttp2", "Measuring"],
      swiftSettings: settings
    ),
    // Like the yardstick of RocksDB: no driver of ours in its way.
    .systemLibrary(name: "CRawPostgres", path: "Sources/CRawPostgres", pkgConfig: "libpq"),
    .executableTarget(
      name: "PostgresAppends",
      dependencies: [
        "CRawPostgres", "Measuring", wordweave("EventLogCore"), wordweave("EventLogPostgres"),
        wordweave("WeaveRuntime"),
      ],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "BareRoute",
      dependencies: [.product(name: "Hummingbird", package: "hummingbird")],
      swiftSettings: settings
    ),
  ]
)
