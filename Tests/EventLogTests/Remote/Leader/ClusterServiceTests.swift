import EventLogCore
import EventLogPostgres
import EventsService
import GRPCCore
import GRPCNIOTransportHTTP2
import PostgresDriver
import Schemas
import Testing

@Suite(.enabled(if: Server.postgres.isAvailable))
struct ClusterServiceTests {
  typealias Client = Wordweave_Events_V1_Cluster.Client<HTTP2ClientTransport.Posix>

  /// The status of a request that is passed on to a member; nil if it was written.
  private func status(
    at member: Member,
    token: String?,
    pin: LogIdentity? = nil
  ) async throws -> RPCError? {
    try await withGRPCClient(
      transport: .http2NIOPosix(
        target: .ipv4(address: "127.0.0.1", port: member.server.port),
        transportSecurity: .plaintext
      )
    ) { client in
      var message = Wordweave_Events_V1_ForwardedAppendRequest()
      message.request = Wordweave_Events_V1_AppendRequest(.marked(1, to: "s"))
      var metadata: GRPCCore.Metadata = [:]
      if let token { metadata.addString("Bearer \(token)", forKey: "authorization") }
      if let pin { metadata.addString(pin.text, forKey: EventCalls.pinKey) }
      do {
        _ = try await Client(wrapping: client).append(message, metadata: metadata)
        return nil
      } catch let error as RPCError {
        return error
      }
    }
  }

  private func secret(_ test: PostgresTest) throws -> String {
    try #require(try test.run("SELECT secret FROM log_head")?.text(0, 0))
  }

  @Test func onlyTheTermsSecretOrAnAdministratorPassesOn() async throws {
    try await Member.pair { test, leader, _ in
      let secret = try secret(test)
      #expect(secret.utf8.count > 40)
      #expect(try await status(at: leader, token: secret) == nil)
      #expect(try await status(at: leader, token: "client") == nil)
      #expect(try await status(at: leader, token: nil)?.code == .unauthenticated)
      #expect(try await status(at: leader, token: "guess")?.code == .unauthenticated)
      #expect(try await status(at: leader, token: "reader")?.code == .permissionDenied)
    }
  }

  /// A circle is impossible: who does not lead refuses, whoever else might.
  @Test func whatWasPassedOnIsNotPassedOnAgain() async throws {
    try await Member.pair { _, leader, standby in
      let error = try #require(try await status(at: standby, token: "client"))
      #expect(
        EventLogError(error) == .notLeader(address: "127.0.0.1:\(leader.server.port)")
      )
      #expect(error.code == .unavailable)
      #expect(try await leader.log.head() == .start)
    }
  }

  @Test func theSecretOfAnEarlierTermIsWorthNothing() async throws {
    try await Member.pair { test, leader, standby in
      let old = try secret(test)
      await leader.leave()
      try await until("the standby leads") { standby.log.isLeading }
      let new = try secret(test)
      #expect(old != new)
      #expect(try await status(at: standby, token: old)?.code == .unauthenticated)
      #expect(try await status(at: standby, token: new) == nil)
    }
  }

  @Test func aSecretOpensNothingElse() async throws {
    try await Member.pair { test, leader, _ in
      let secret = try secret(test)
      try await withGRPCClient(
        transport: .http2NIOPosix(
          target: .ipv4(address: "127.0.0.1", port: leader.server.port),
          transportSecurity: .plaintext
        )
      ) { client in
        let metadata: GRPCCore.Metadata = ["authorization": "Bearer \(secret)"]
        await #expect(throws: RPCError.self) {
          _ = try await Wordweave_Events_V1_EventLog.Client(wrapping: client)
            .head(.init(), metadata: metadata)
        }
      }
    }
  }
}
