public import ProjectionsCore
public import Testing

/// An engine under test: makes an empty store, and opens again what was closed.
public struct ReadModelFixture: Sendable, CustomTestStringConvertible {
  /// The engine's name, as test output shows it.
  public let testDescription: String
  /// Makes an empty engine, and what opens the same store again after `close()`.
  public let make: @Sendable () throws -> ReadModelPlace

  /// Describes an engine.
  public init(_ name: String, _ make: @escaping @Sendable () throws -> ReadModelPlace) {
    testDescription = name
    self.make = make
  }

  /// The engine in memory.
  public static let inMemory = ReadModelFixture("in memory") {
    let first = InMemoryReadModelEngine()
    return ReadModelPlace(engine: first, reopen: { first.reopened() })
  }
}

/// Where one store lies.
public struct ReadModelPlace: Sendable {
  /// The open engine.
  public let engine: any ReadModelEngine
  /// Opens the store again; the engine must be closed.
  public let reopen: @Sendable () throws -> any ReadModelEngine

  /// Describes a place.
  public init(
    engine: any ReadModelEngine,
    reopen: @escaping @Sendable () throws -> any ReadModelEngine
  ) {
    self.engine = engine
    self.reopen = reopen
  }
}
