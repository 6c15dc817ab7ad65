// swift-tools-version: 6.3
import PackageDescription

// One settings array for all targets. Warnings are errors here rather than by a flag: a flag that
// comes and goes would recompile everything each time.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

func room(_ name: String, _ path: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(
    name: name,
    dependencies: dependencies,
    path: "Sources/" + path,
    swiftSettings: settings
  )
}

func tests(
  _ name: String,
  _ dependencies: [Target.Dependency],
  exclude: [String] = []
) -> Target {
  .testTarget(
    name: name,
    dependencies: dependencies,
    path: "Tests/" + name,
    exclude: exclude,
    swiftSettings: settings
  )
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser",
  package: "swift-argument-parser"
)
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let deques = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let grpc = Target.Dependency.product(name: "GRPCCore", package: "grpc-swift-2")
let grpcInProcess = Target.Dependency.product(
  name: "GRPCInProcessTransport",
  package: "grpc-swift-2"
)
let grpcNIO = Target.Dependency.product(
  name: "GRPCNIOTransportHTTP2",
  package: "grpc-swift-nio-transport"
)
let grpcProtobuf = Target.Dependency.product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let lifecycle = Target.Dependency.product(
  name: "ServiceLifecycle",
  package: "swift-service-lifecycle"
)
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let signals = Target.Dependency.product(
  name: "UnixSignals",
  package: "swift-service-lifecycle"
)
let yaml = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
  name: "wordweave",
  products: [
    .executable(name: "wordweave", targets: ["WordWeave"]),
    // The event platform underneath, usable on its own.
    .library(name: "WeaveRuntime", targets: ["WeaveRuntime"]),
    .library(name: "RocksDBDriver", targets: ["RocksDBDriver"]),
    .library(name: "EventLogCore", targets: ["EventLogCore"]),
    .library(name: "EventLogInMemory", targets: ["EventLogInMemory"]),
    .library(name: "EventLogRocksDB", targets: ["EventLogRocksDB"]),
    .library(name: "EventLogPostgres", targets: ["EventLogPostgres"]),
    .library(name: "EventLogRedis", targets: ["EventLogRedis"]),
    .library(name: "EventLogRemote", targets: ["EventLogRemote"]),
    .library(name: "MessagingCore", targets: ["MessagingCore"]),
    .library(name: "MessagingInProcess", targets: ["MessagingInProcess"]),
    .library(name: "ProjectionsCore", targets: ["ProjectionsCore"]),
    .library(name: "ProjectionsRocksDB", targets: ["ProjectionsRocksDB"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.39.0", traits: []),
    .package(url: "https://github.com/grpc/grpc-swift-2.git", from: "2.4.3"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport.git", from: "2.9.2"),
    .package(url: "https://github.com/grpc/grpc-swift-protobuf.git", from: "2.4.1"),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird.git",
      from: "2.28.1",
      traits: []
    ),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CRocksDB",
      path: "Sources/Shims/CRocksDB",
      pkgConfig: "rocksdb",
      providers: [.apt(["librocksdb-dev"])]
    ),
    .systemLibrary(
      name: "CCurl",
      path: "Sources/Shims/CCurl",
      pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"])]
    ),
    // Its pkg-config file carries a flag that SwiftPM refuses and warns of.
    .systemLibrary(
      name: "CHiredis",
      path: "Sources/Shims/CHiredis",
      providers: [.apt(["libhiredis-dev"])]
    ),
    .systemLibrary(name: "CLinux", path: "Sources/Shims/CLinux"),
    .systemLibrary(
      name: "CNghttp2",
      path: "Sources/Shims/CNghttp2",
      pkgConfig: "libnghttp2",
      providers: [.apt(["libnghttp2-dev"])]
    ),
    .systemLibrary(
      name: "CPostgres",
      path: "Sources/Shims/CPostgres",
      pkgConfig: "libpq",
      providers: [.apt(["libpq-dev"])]
    ),

    room("WeaveRuntime", "Runtime", ["CLinux"]),

    room("RocksDBDriver", "Drivers/RocksDB", ["CRocksDB", "WeaveRuntime"]),
    room("HTTP2Driver", "Drivers/HTTP2", ["CNghttp2", deques]),
    room("HTTPClientDriver", "Drivers/HTTPClient", ["CCurl", "WeaveRuntime"]),
    room("PostgresDriver", "Drivers/Postgres", ["CPostgres", "WeaveRuntime", logging]),
    room("RedisDriver", "Drivers/Redis", ["CHiredis", "WeaveRuntime"]),

    room("EventLogCore", "EventLog/Core", ["CLinux", "WeaveRuntime", deques, logging]),
    room("EventLogInMemory", "EventLog/InMemory", ["EventLogCore"]),
    room("EventLogRocksDB", "EventLog/RocksDB", ["EventLogCore", "RocksDBDriver", logging]),
    room("EventLogPostgres", "EventLog/Postgres", ["EventLogCore", "PostgresDriver", logging]),
    room("EventLogRedis", "EventLog/Redis", ["EventLogCore", "RedisDriver", crypto]),
    room(
      "EventLogRemote",
      "EventLog/Remote",
      ["EventLogCore", "Schemas", grpc, grpcNIO, grpcProtobuf, protobuf, logging]
    ),
    room("EventLogConformance", "EventLog/Conformance", ["EventLogCore"]),

    room(
      "MessagingCore",
      "Messaging/Core",
      ["EventLogCore", "WeaveRuntime", crypto, deques, logging]
    ),
    room("MessagingInProcess", "Messaging/InProcess", ["MessagingCore", "EventLogCore", logging]),
    room(
      "MessagingConformance",
      "Messaging/Conformance",
      ["MessagingCore", "EventLogCore", "EventLogInMemory"]
    ),

    room(
      "ProjectionsCore",
      "Projections/Core",
      ["MessagingCore", "EventLogCore", "WeaveRuntime", crypto, logging]
    ),
    room(
      "ProjectionsRocksDB",
      "Projections/RocksDB",
      ["ProjectionsCore", "RocksDBDriver"]
    ),
    room(
      "ProjectionsConformance",
      "Projections/Conformance",
      ["ProjectionsCore", "MessagingCore", "EventLogCore"]
    ),

    room("Schemas", "Schemas", ["EventLogCore", protobuf, grpc, grpcProtobuf]),

    room(
      "ServiceKit",
      "Services/Kit",
      [
        "EventLogCore", "MessagingCore", "ProjectionsCore", "Schemas", "WeaveRuntime", protobuf,
        grpc, crypto, logging,
      ]
    ),
    room(
      "UsersService",
      "Services/Users",
      [
        "ServiceKit", "EventLogCore", "MessagingCore", "ProjectionsCore", "Schemas", protobuf,
        grpc, logging,
      ]
    ),
    room(
      "PostsService",
      "Services/Posts",
      [
        "ServiceKit", "EventLogCore", "MessagingCore", "ProjectionsCore", "Schemas", protobuf,
        grpc, logging,
      ]
    ),
    room(
      "EventsService",
      "Services/Events",
      [
        "ServiceKit", "EventLogCore", "HTTP2Driver", "MessagingCore", "ProjectionsCore", "Schemas",
        "WeaveRuntime", protobuf, grpc, grpcProtobuf, nioCore, nioPosix, nioTLS, logging,
      ]
    ),
    room(
      "ServiceCatalog",
      "Services/Catalog",
      ["ServiceKit", "UsersService", "PostsService", "EventsService"]
    ),

    room(
      "Gateway",
      "Gateway/HTTP",
      [
        "Schemas", "WeaveRuntime", grpc, grpcProtobuf, protobuf, hummingbird, crypto, cryptoExtras,
        lifecycle, logging, metrics,
      ]
    ),
    room(
      "IdentityStandIn",
      "Gateway/Identity",
      ["Gateway", "Schemas", grpc, hummingbird, crypto, cryptoExtras, logging]
    ),

    .executableTarget(
      name: "WordWeave",
      dependencies: [
        "WeaveRuntime", "EventLogCore", "EventLogInMemory", "EventLogRocksDB", "MessagingCore",
        "MessagingInProcess", "ProjectionsCore", "ProjectionsRocksDB", "Schemas", "ServiceKit",
        "ServiceCatalog", "Gateway", "IdentityStandIn", "HTTPClientDriver", "RocksDBDriver",
        "EventLogPostgres", "EventLogRedis", "EventLogRemote", "RedisDriver", argumentParser,
        crypto, grpc, grpcNIO, hummingbird, lifecycle, logging, metrics, protobuf, signals, yaml,
      ],
      path: "Sources/WordWeave",
      swiftSettings: settings
    ),

    tests("RuntimeTests", ["WeaveRuntime"]),
    tests(
      "EventLogTests",
      [
        "EventLogCore", "EventLogInMemory", "EventLogRocksDB", "EventLogConformance",
        "EventLogPostgres", "EventLogRedis", "EventLogRemote", "EventsService", "PostgresDriver",
        "RedisDriver", "RocksDBDriver", "Schemas", "WeaveRuntime", grpc, grpcNIO, protobuf, logging,
      ],
      exclude: ["Fixtures"]
    ),
    tests(
      "MessagingTests",
      [
        "MessagingCore", "MessagingInProcess", "MessagingConformance", "EventLogCore",
        "EventLogInMemory", "EventLogConformance",
      ]
    ),
    tests(
      "ProjectionsTests",
      [
        "ProjectionsCore", "ProjectionsRocksDB", "ProjectionsConformance", "EventLogCore",
        "EventLogInMemory", "EventLogRocksDB", "EventLogConformance", "MessagingCore",
        "MessagingInProcess",
      ]
    ),
    tests(
      "ServicesTests",
      [
        "ServiceKit", "UsersService", "PostsService", "EventsService", "ServiceCatalog", "Schemas",
        "EventLogCore", "EventLogInMemory", "EventLogConformance", "EventLogRedis",
        "MessagingCore", "MessagingInProcess", "ProjectionsCore", "ProjectionsRocksDB",
        "RedisDriver", grpc, grpcInProcess, grpcNIO, logging, protobuf,
      ]
    ),
    tests(
      "SchemasTests",
      [
        "ServiceKit", "UsersService", "PostsService", "EventLogCore", "EventLogInMemory", "Schemas",
        protobuf,
      ],
      exclude: ["Fixtures"]
    ),
    tests(
      "GatewayTests",
      [
        "Gateway", "IdentityStandIn", "Schemas", "HTTPClientDriver", grpc, grpcInProcess, lifecycle,
        crypto, cryptoExtras, logging, protobuf,
      ]
    ),
    tests(
      "WordWeaveTests",
      [
        "WordWeave", "Gateway", "HTTPClientDriver", "EventLogCore", "EventLogInMemory",
        "EventLogConformance", "EventLogRocksDB", "EventsService", "MessagingCore",
        "ProjectionsCore", "RedisDriver", "Schemas", grpc, protobuf, yaml,
      ]
    ),
    // The tests start the executable that lies beside them, so it must be built with them.
    tests(
      "SystemTests",
      [
        "WordWeave", "Gateway", "HTTPClientDriver", "EventLogCore", "EventLogRemote",
        "EventLogRocksDB", "EventsService", "PostgresDriver", "Schemas", grpc, grpcNIO, logging,
        yaml,
      ],
      exclude: ["UmaDB/Driver"]
    ),
    tests("ArchitectureTests", []),
  ]
)
