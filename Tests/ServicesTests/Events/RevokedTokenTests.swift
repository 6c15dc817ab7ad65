import EventLogCore
import GRPCCore
import Schemas
import Synchronization
import Testing

@testable import EventsService

@Suite struct RevokedTokenTests {
  /// Tokens that can lose their rights.
  private final class Tokens: CallAuthority {
    private let known = Mutex<[String: CallRights]>([:])

    init(_ known: [String: CallRights]) { self.known.withLock { $0 = known } }

    func rights(of token: String) -> CallRights? { known.withLock { $0[token] } }

    func set(_ token: String, _ rights: CallRights?) { known.withLock { $0[token] = rights } }
  }

  /// Far longer than it takes, for a busy machine; the streams would never end by themselves.
  private static let within = RunningCalls.pace + .seconds(20)

  private static func bearer(_ token: String) -> GRPCCore.Metadata {
    ["authorization": .string("Bearer \(token)")]
  }

  /// Streams of every kind that bear a token; each says when it runs, and ends as it ends.
  private static func streams(
    _ served: ServedEvents,
    _ token: String,
    began: AsyncStream<Void>.Continuation
  ) -> [Task<RPCError.Code?, Never>] {
    let metadata = bearer(token)
    func stream(
      _ body: @escaping @Sendable (ServedEvents) async throws -> Void
    ) -> Task<RPCError.Code?, Never> {
      Task { await served.refusal(body) }
    }
    return [
      stream { served in
        try await served.log.subscribe(.init(), metadata: metadata) { response in
          for try await _ in response.messages { began.yield() }
        }
      },
      stream { served in
        try await served.log.watchHead(.init(), metadata: metadata) { response in
          for try await _ in response.messages { began.yield() }
        }
      },
      stream { served in
        let uma = Umadb_V1_DCB.Client(wrapping: served.client)
        try await uma.subscribe(.init(), metadata: metadata) { response in
          for try await _ in response.messages { began.yield() }
        }
      },
    ]
  }

  @Test func aRevokedTokenEndsItsRunningStreamsAndNobodyElses() async throws {
    let tokens = Tokens(["a": .read, "b": .read, "w": .append, "i": .admin])
    try await ServedEvents.with(authority: tokens) { served async throws in
      var event = Wordweave_Events_V1_NewEvent()
      event.type = "Happened"
      var part = Wordweave_Events_V1_StreamAppend()
      part.stream = "s"
      part.events = [event]
      var request = Wordweave_Events_V1_AppendRequest()
      request.parts = [part]
      _ = try await served.log.append(request, metadata: Self.bearer("w"))

      let (running, began) = AsyncStream.makeStream(of: Void.self)
      let revoked = Self.streams(served, "a", began: began)
      let kept = Self.streams(served, "b", began: began)
      // Subscribe sends an event and that it caught up, the others one message each.
      var signs = running.makeAsyncIterator()
      for _ in 0..<8 { _ = await signs.next() }
      // What a caller sends ends as well.
      let importing = Task {
        await served.refusal { served in
          let transfer = Wordweave_Events_V1_Transfer.Client(wrapping: served.client)
          _ = try await transfer.import(metadata: Self.bearer("i")) { writer in
            began.yield()
            try await Task.sleep(for: .seconds(60))
          }
        }
      }
      _ = await signs.next()

      let begin = ContinuousClock.now
      tokens.set("a", nil)
      // Another right than the one it needs is none.
      tokens.set("i", .read)
      for stream in revoked { #expect(await stream.value == .unauthenticated) }
      #expect(await importing.value == .permissionDenied)
      #expect(ContinuousClock.now - begin < Self.within)
      let next = await served.refusal { served in
        _ = try await served.log.head(.init(), metadata: Self.bearer("a"))
      }
      #expect(next == .unauthenticated)

      // The others go on.
      _ = try await served.log.append(request, metadata: Self.bearer("w"))
      for _ in 0..<3 { _ = await signs.next() }
      for stream in kept { stream.cancel() }
      for stream in kept { #expect(await stream.value != .unauthenticated) }
    }
  }
}
