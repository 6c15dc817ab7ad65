import Testing

@testable import Gateway

@Suite struct ConveyorTests {
  private static func beating(
    _ conveyor: Conveyor,
    _ produce: @escaping @Sendable () async throws -> Void
  ) -> Task<Void, any Error> {
    Task {
      try await conveyor.send(every: .milliseconds(10)) {
        var writer = JSONWriter()
        writer.object { $0.member("caughtUp", UInt64(7)) }
        writer.endLine()
        return writer.buffer
      } besides: {
        try await produce()
      }
    }
  }

  /// Whoever reads a silent stream and leaves ends its maker.
  @Test(.timeLimit(.minutes(1))) func aSilentMakerSpeaksNowAndThen() async throws {
    let conveyor = Conveyor()
    let work = Self.beating(conveyor) { try await Task.sleep(for: .seconds(3600)) }
    #expect(await conveyor.next() != nil)
    #expect(await conveyor.next() != nil)
    await conveyor.abandon()
    await #expect(throws: CancellationError.self) { try await work.value }
  }

  @Test(.timeLimit(.minutes(1))) func itEndsWithItsMaker() async throws {
    let conveyor = Conveyor()
    try await Self.beating(conveyor) {}.value
    struct Broken: Error {}
    await #expect(throws: Broken.self) {
      try await Self.beating(conveyor) { throw Broken() }.value
    }
  }
}
