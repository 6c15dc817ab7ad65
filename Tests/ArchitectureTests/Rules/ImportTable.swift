// The table of rooms: which modules each may import. Whatever is not named is refused, so a new
// import is a decision that shows in a review.

/// What the sources below a folder may import.
struct RoomImports: Sendable {
  /// The folder; the longest one that holds a file decides.
  let folder: String
  /// The modules.
  let modules: Set<String>

  init(_ folder: String, _ modules: Set<String>...) {
    self.folder = folder
    self.modules = modules.reduce(into: []) { $0.formUnion($1) }
  }
}

enum ImportTable {
  /// Everywhere: parts of the toolchain that do no more than the standard library.
  static let standard: Set<String> = ["Swift", "Glibc", "Synchronization"]
  /// `Testing` is imported by laws, which are code that others may run against their own engines.
  static let laws: Set<String> = ["Testing"]
  static let protobuf: Set<String> = ["SwiftProtobuf"]
  static let grpc: Set<String> = ["GRPCCore", "GRPCProtobuf"]
  /// What every room above the log may see of it.
  static let log: Set<String> = ["EventLogCore", "WeaveRuntime", "Logging"]
  static let observing: Set<String> = ["Logging", "Metrics", "Tracing"]
  /// The contracts that services build on.
  static let cores: Set<String> = [
    "EventLogCore", "MessagingCore", "ProjectionsCore", "WeaveRuntime", "Logging", "Metrics",
  ]
  /// A server on Hummingbird, with the modules its signatures show.
  static let web: Set<String> = [
    "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOHTTPTypes", "ServiceLifecycle",
  ]

  static let rooms: [RoomImports] = [
    RoomImports("Sources/Runtime", standard, ["CLinux", "Logging", "ServiceLifecycle"]),

    RoomImports("Sources/Drivers/RocksDB", standard, observing, ["CRocksDB", "WeaveRuntime"]),
    RoomImports("Sources/Drivers/Postgres", standard, observing, ["CPostgres", "WeaveRuntime"]),
    RoomImports("Sources/Drivers/Redis", standard, observing, ["CHiredis", "WeaveRuntime"]),
    RoomImports("Sources/Drivers/HTTPClient", standard, observing, ["CCurl", "WeaveRuntime"]),
    RoomImports("Sources/Drivers/HTTP2", standard, observing, ["CNghttp2", "DequeModule"]),

    // CLinux for CRC-32C in hardware, which belongs to the export format.
    RoomImports(
      "Sources/EventLog/Core",
      standard,
      ["CLinux", "WeaveRuntime", "Logging", "Tracing", "DequeModule"]
    ),
    RoomImports("Sources/EventLog/InMemory", standard, log, ["DequeModule"]),
    RoomImports("Sources/EventLog/RocksDB", standard, log, ["RocksDBDriver", "DequeModule"]),
    RoomImports("Sources/EventLog/Postgres", standard, log, ["PostgresDriver", "DequeModule"]),
    // Snapshots, not a log. Crypto for the code that seals what a Redis that nobody trusts keeps.
    RoomImports("Sources/EventLog/Redis", standard, log, ["RedisDriver", "Crypto"]),
    // A client of the Event Service: its schemas and gRPC, no engine.
    RoomImports(
      "Sources/EventLog/Remote",
      standard,
      log,
      ["Schemas", "SwiftProtobuf", "GRPCCore", "GRPCNIOTransportHTTP2", "GRPCProtobuf"]
    ),
    RoomImports("Sources/EventLog/Conformance", standard, log, laws),

    // Lifecycle and queues of lanes; Crypto for the digest that names a routing epoch; no driver.
    RoomImports(
      "Sources/Messaging/Core",
      standard,
      log,
      ["ServiceLifecycle", "DequeModule", "Crypto", "Metrics"]
    ),
    RoomImports(
      "Sources/Messaging/InProcess",
      standard,
      log,
      ["MessagingCore", "DequeModule", "Metrics"]
    ),
    RoomImports(
      "Sources/Messaging/Conformance",
      standard,
      log,
      laws,
      ["MessagingCore", "EventLogInMemory"]
    ),

    // Decision 0001: a read-model store implements the lane store of Messaging/Core. Crypto for the
    // digest that compares a rebuild with what it replaces.
    RoomImports(
      "Sources/Projections/Core",
      standard,
      log,
      ["MessagingCore", "ServiceLifecycle", "Metrics", "Crypto"]
    ),
    RoomImports(
      "Sources/Projections/RocksDB",
      standard,
      log,
      ["ProjectionsCore", "MessagingCore", "RocksDBDriver"]
    ),
    RoomImports(
      "Sources/Projections/Conformance",
      standard,
      log,
      laws,
      ["ProjectionsCore", "MessagingCore", "EventLogInMemory"]
    ),

    RoomImports("Sources/Schemas", standard, protobuf, grpc, ["EventLogCore"]),

    // Crypto for event ids derived from command ids, which makes a repeated command recognisable.
    RoomImports("Sources/Services/Kit", standard, cores, protobuf, grpc, ["Schemas", "Crypto"]),
    RoomImports(
      "Sources/Services/Users",
      standard,
      cores,
      protobuf,
      grpc,
      ["Schemas", "ServiceKit"]
    ),
    RoomImports(
      "Sources/Services/Posts",
      standard,
      cores,
      protobuf,
      grpc,
      ["Schemas", "ServiceKit"]
    ),
    // The network side of the log, which any process may serve: sockets and TLS by NIO, HTTP/2 by its
    // driver.
    RoomImports(
      "Sources/Services/Events",
      standard,
      cores,
      protobuf,
      grpc,
      ["Schemas", "ServiceKit", "HTTP2Driver", "NIOCore", "NIOPosix", "NIOSSL"]
    ),
    RoomImports(
      "Sources/Services/Catalog",
      standard,
      ["ServiceKit", "UsersService", "PostsService", "EventsService"]
    ),

    RoomImports(
      "Sources/Gateway/HTTP",
      standard,
      protobuf,
      grpc,
      web,
      observing,
      ["Schemas", "WeaveRuntime", "Crypto", "CryptoExtras", "CoreMetrics"]
    ),
    // Decision 0004: the stand-in is the foreign party; it sees the gateway's door, and the schemas for
    // telling Users of an account as a webhook would.
    RoomImports(
      "Sources/Gateway/Identity",
      standard,
      web,
      observing,
      ["Gateway", "Schemas", "GRPCCore", "WeaveRuntime", "Crypto", "CryptoExtras"]
    ),
  ]

  /// Rooms that may import whatever the manifest gives them: the composition root and its commands.
  static let free = ["Sources/WordWeave"]

  /// Foundation and Dispatch, where something forces them: folder or file, and why.
  static let foundation: [(path: String, reason: String)] = [
    ("Sources/Gateway", "keys, hashes and generated messages take bytes as Data"),
    ("Sources/Schemas", "generated messages hold bytes as Data"),
    (
      "Sources/Services/Events/Log",
      "generated messages and page tokens hold bytes as Data"
    ),
    ("Sources/Services/Events/Audit/Serving", "generated messages hold bytes as Data"),
    ("Sources/WordWeave", "files and folders of the data directory, temporary ones too"),
  ]
}
