import EventLogCore
import EventLogRemote
import Gateway
import Glibc
import HTTPClientDriver
import Testing

@testable import WordWeave

extension WholeSystem {
  /// The Event Service alone, as a process of its own.
  @Suite(.serialized) struct EventServiceTests {
    @Test func theLogIsServedAloneAndOutlivesAKill() async throws {
      let scratch = try Scratch()
      let port = "\(try FreePort.find())"
      let served = try await Served(
        in: scratch,
        options: ["--only", "events", "--grpc-port", port]
      )
      let remote = try await RemoteEventLog.connect(try Self.settings(of: served))
      let request = AppendRequest(
        to: "s",
        expecting: .noStream,
        [NewEvent(id: .make(), type: "Happened", data: [1, 2, 3], tags: ["t"])]
      )
      let receipt = try await remote.append(request)
      #expect(receipt.firstPosition == GlobalPosition(1))
      // Operators see the same over HTTP; there is nobody to sign in.
      #expect(try await served.head() == 1)
      #expect(try await served.send("GET", "/v1/posts").status >= 500)

      let store = EventStore(remote)
      let reader = Task { () -> [UInt64] in
        var positions: [UInt64] = []
        for try await message in store.subscribe(from: .beginning) {
          guard case .events(let page) = message else { continue }
          positions += page.events.map(\.position.number)
          if positions.count >= 21 { break }
        }
        return positions
      }
      let writer = Task {
        for _ in 0..<20 {
          _ = try await remote.append(AppendRequest(to: "s", [NewEvent(type: "More")]))
        }
      }
      try await served.crash()
      try await served.restart()
      try await writer.value
      #expect(try await reader.value == Array(1...21))
      #expect(try await remote.append(request).isRepeat)
      await remote.close()
      #expect(try await served.stop() == 0)
    }

    @Test func tokensAreMadeListedAndRevokedWhileItRuns() async throws {
      let scratch = try Scratch()
      let served = try await Served(in: scratch, options: ["--only", "events"])
      func run(_ arguments: String...) async throws -> (code: Int32, printed: String) {
        let child = try Child(
          Child.wordweave,
          ["tokens"] + arguments + ["--data", served.data],
          output: scratch.path + "/tokens"
        )
        return (try await child.end(), child.printed.trimmed)
      }
      let made = try await run("create", "--rights", "read", "--name", "reports")
      #expect(made.code == 0)
      var settings = try Self.settings(of: served)
      settings.token = made.printed
      let remote = try await RemoteEventLog.connect(settings)
      #expect(try await remote.head() == .start)
      await #expect(throws: EventLogError.self, "it may not append") {
        try await remote.append(AppendRequest(to: "s", [NewEvent(type: "Refused")]))
      }
      let listed = try await run("list")
      let id = try #require(listed.printed.split(separator: " ").first.map(String.init))
      #expect(listed.printed.contains("read") && listed.printed.contains("reports"))
      #expect(!listed.printed.contains(made.printed), "the token is shown once")
      let kept = try Files.text(served.data + "/tokens")
      #expect(!kept.contains(made.printed), "the token is kept nowhere")
      let subscription = Task { () -> EventLogError? in
        do throws(EventLogError) {
          for try await _ in EventStore(remote).subscribe(from: .beginning) {}
          return nil
        } catch {
          return error
        }
      }
      let head = Task { () throws(EventLogError) in try await remote.head(beyond: .start) }
      #expect(try await run("revoke", id).code == 0)
      // What runs ends as well, without another call of its bearer.
      guard case .unavailable(let reason)? = await subscription.value else {
        Issue.record("the subscription of a revoked token ended otherwise")
        return
      }
      #expect(reason.contains("revoked"))
      await #expect(throws: EventLogError.self, "it was revoked") { try await head.value }
      await #expect(throws: EventLogError.self, "it was revoked") { try await remote.head() }
      await remote.close()
      settings.token = nil
      let nobody = settings
      await #expect(throws: EventLogError.self) { try await RemoteEventLog.connect(nobody) }
      #expect(try await served.stop() == 0)
    }

    @Test func aCertificateSecuresTheLine() async throws {
      let scratch = try Scratch()
      let key = scratch.path + "/key.pem"
      let chain = scratch.path + "/chain.pem"
      let openssl = "/usr/bin/openssl"
      guard access(openssl, X_OK) == 0 else { try Test.cancel("no openssl to make a certificate") }
      let maker = try Child(
        openssl,
        [
          "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
          "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", chain,
        ],
        output: scratch.path + "/openssl"
      )
      #expect(try await maker.end() == 0)
      let served = try await Served(
        in: scratch,
        options: ["--only", "events", "--grpc-cert", chain, "--grpc-key", key]
      )
      var settings = try Self.settings(of: served)
      settings.trust = .certificates(path: chain)
      // By a name of the certificate, and by an address.
      for (host, head) in [("localhost", UInt64(1)), ("127.0.0.1", 2)] {
        settings.host = host
        let remote = try await RemoteEventLog.connect(settings)
        _ = try await remote.append(AppendRequest(to: "s", [NewEvent(type: "Secured")]))
        #expect(try await remote.head() == GlobalPosition(head))
        await remote.close()
      }
      settings.patience = .seconds(1)
      settings.trust = .system
      let distrusting = settings
      await #expect {
        _ = try await RemoteEventLog.connect(distrusting)
      } throws: { error in
        "\(error)".contains("its certificate is not trusted")
      }
      settings.trust = .plainText
      let plain = settings
      await #expect(throws: EventLogError.self) { try await RemoteEventLog.connect(plain) }
      #expect(try await served.stop() == 0)
    }

    @Test(arguments: [
      ["--host", "0.0.0.0", "--only", "events"], ["--grpc-cert", "/nowhere"],
      ["--grpc-auth", "maybe"], ["--only", "events,posts"],
    ])
    func whatWouldNotBeSafeIsNotStarted(_ options: [String]) async throws {
      let scratch = try Scratch()
      let child = try Child(
        Child.wordweave,
        ["serve", "--data", scratch.path + "/data", "--port", "0", "--grpc-port", "0"] + options,
        output: scratch.path + "/serve"
      )
      #expect(try await child.end() == 64, "\(child.complaints)")
      #expect(!child.complaints.isEmpty)
    }

    /// How the service of a running system is reached, by its operator.
    static func settings(of served: Served) throws -> RemoteSettings {
      let json = try JSONValue(parsing: try Files.read(served.data + "/serve.json"))
      let port = try #require(json["grpcPort"]?.integer)
      return RemoteSettings(host: "127.0.0.1", port: Int(port), token: served.operatorToken)
    }
  }
}
