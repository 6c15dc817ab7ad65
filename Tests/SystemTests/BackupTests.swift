import EventLogCore
import EventLogRemote
import Foundation
import Gateway
import HTTPClientDriver
import Testing

@testable import WordWeave

extension WholeSystem {
  @Suite(.serialized) struct BackupTests {
    /// Events of a log up to a head, as stored.
    private static func envelopes(
      _ log: any EventLogEngine,
      through head: UInt64
    ) async throws -> [[UInt8]] {
      var found: [[UInt8]] = []
      while UInt64(found.count) < head {
        let page = try await log.readAll(
          after: GlobalPosition(UInt64(found.count)),
          matching: .all,
          direction: .forward,
          limit: 4096,
          includeRemoved: true
        )
        found += page.events.map(\.envelope)
      }
      return Array(found[..<Int(head)])
    }

    private static func remote(_ served: Served) async throws -> RemoteEventLog {
      let json = try JSONValue(parsing: try Files.read(served.data + "/serve.json"))
      let port = try #require(json["grpcPort"]?.integer)
      return try await RemoteEventLog.connect(
        RemoteSettings(host: "127.0.0.1", port: Int(port), token: served.operatorToken)
      )
    }

    @Test func aBackupUnderLoadBecomesASystemAgain() async throws {
      let scratch = try Scratch()
      let system = try await Served(in: scratch)
      let author = try await Person("ada", at: system)
      let first = try await author.draft("Before")
      let live = try await Self.remote(system)
      let writer = Task {
        var number = 0
        while !Task.isCancelled {
          _ = try await live.append(
            AppendRequest(
              to: StreamName("load-\(number % 20)"),
              [NewEvent(id: .make(), type: "Loaded", data: [UInt8](repeating: 1, count: 200))]
            )
          )
          number += 1
        }
      }
      let answered = try await eventually("there is load") {
        let head = try await live.head().number
        return head > 50 ? head : nil
      }
      let backup = scratch.path + "/backup"
      let made = try await wordweave(
        "backup",
        "create",
        backup,
        "--data",
        system.data,
        "--json",
        in: scratch
      )
      #expect(made.code == 0, "\(made.complaints)")
      let head = UInt64(try #require(try made.json()["head"]?.integer))
      #expect(head >= answered)
      let again = try await wordweave(
        "backup",
        "create",
        backup,
        "--data",
        system.data,
        in: scratch
      )
      #expect(again.code == 1 && again.complaints.contains("exists already"), "\(again.complaints)")
      // The log goes on, and a consumer with it.
      try await eventually("the log went on") {
        try await live.head().number > head + 20 ? () : nil
      }
      writer.cancel()
      _ = try? await writer.value
      let ahead = EventStore(live).checkpoint(at: try await live.head())
      let expected = try await Self.envelopes(live, through: head)
      await live.close()
      #expect(try await system.stop() == 0)

      let verified = try await wordweave("backup", "verify", backup, "--json", in: scratch)
      #expect(verified.code == 0, "\(verified.complaints)")
      #expect(try verified.json()["head"]?.integer == Int64(head))
      let data = scratch.path + "/restored"
      let restored = try await wordweave("restore", backup, "--data", data, "--json", in: scratch)
      #expect(restored.code == 0, "\(restored.complaints)")
      #expect(try (restored.json()["epoch"]?.integer ?? 0) >> 32 == 2)

      let served = try await Served(in: scratch, data: data)
      #expect(served.operatorToken != system.operatorToken)
      let log = try await Self.remote(served)
      #expect(try await Self.envelopes(log, through: head) == expected)
      #expect(log.identity.id == ahead.log && log.identity.epochNumber == 2)
      var messages = EventStore(log).subscribe(from: .checkpoint(ahead)).makeAsyncIterator()
      let error = await #expect(throws: EventLogError.self) { _ = try await messages.next() }
      if case .logEpochChanged? = error {} else { Issue.record("\(String(describing: error))") }
      await log.close()
      // Accounts are there, read models were rebuilt.
      try await served.expectSound()
      let post = try await served.json("/v1/admin/events?type=PostDrafted")
      #expect(post["items"]?.items?.first?["stream"]?.text?.hasSuffix(first) == true)
      let session = try await served.send(
        "POST",
        "/identity/sign-ins",
        #"{"email":"ada@example.org","password":"correct horse"}"#
      )
      #expect((200...201).contains(session.status), "\(session.text)")
      #expect(try await served.stop() == 0)
    }

    @Test func onlyTheOperatorTouchesTheMachine() async throws {
      let scratch = try Scratch()
      let system = try await Served(in: scratch)
      let author = try await Person("ada", at: system)
      let path = scratch.path + "/backup"
      let calls: [(String, String, String?)] = [
        ("POST", "/v1/admin/log/backups", "{\"path\":\"\(path)\"}"),
        ("POST", "/v1/admin/log/compactions", ""), ("POST", "/v1/admin/log/hand-over", ""),
        ("POST", "/v1/admin/log/restorations", ""), ("GET", "/v1/admin/log/export", nil),
        ("GET", "/v1/admin/log/status", nil), ("GET", "/v1/admin/log/limits", nil),
        ("GET", "/v1/admin/replays", nil),
        ("POST", "/v1/admin/replays", "{\"consumer\":\"posts/posts\"}"),
      ]
      for (method, target, body) in calls {
        #expect(try await system.send(method, target, body).status == 401, "\(target)")
        #expect(try await author.send(method, target, body).status == 403, "\(target)")
      }
      #expect(!FileManager.default.fileExists(atPath: path))
      let status = try await system.json("/v1/admin/log/status")
      #expect(status["engine"]?.text == "rocksdb" && status["takesAppends"]?.flag == true)
      let limits = try await system.json("/v1/admin/log/limits")["items"]?.items ?? []
      #expect(limits.contains { $0["name"]?.text == "data" && $0["value"]?.integer == 1 << 20 })
      let compacted = try await wordweave("events", "compact", "--data", system.data, in: scratch)
      #expect(compacted.code == 0, "\(compacted.complaints)")
      // The embedded log has no lead to give.
      let token = system.operatorToken
      let lead = try await system.send("POST", "/v1/admin/log/hand-over", "", token: token)
      #expect(lead.status == 422, "\(lead.text)")
      #expect(try await system.stop() == 0)
    }

    @Test func aReplayRunsInTheBackgroundAndIsFollowed() async throws {
      let scratch = try Scratch()
      let system = try await Served(in: scratch)
      let author = try await Person("ada", at: system)
      for index in 0..<10 { _ = try await author.draft("Tides \(index)") }
      let begun = try await wordweave(
        "replay",
        "--projection",
        "posts",
        "--detach",
        "--rate",
        "1",
        "--data",
        system.data,
        in: scratch
      )
      #expect(begun.code == 0, "\(begun.complaints)")
      let id = begun.printed.stripped
      let listed = try await wordweave("replays", "list", "--data", system.data, in: scratch)
      #expect(listed.printed.contains(id) && listed.printed.contains("running"))
      let cancelled = try await wordweave(
        "replays",
        "cancel",
        id,
        "--data",
        system.data,
        in: scratch
      )
      #expect(cancelled.printed.contains("cancelled"), "\(cancelled.complaints)")
      let followed = try await wordweave(
        "replays",
        "follow",
        id,
        "--data",
        system.data,
        in: scratch
      )
      #expect(followed.code == 1)
      let whole = try await wordweave(
        "replay",
        "--projection",
        "posts",
        "--type",
        "PostDrafted",
        "--json",
        "--data",
        system.data,
        in: scratch
      )
      #expect(whole.code == 0, "\(whole.complaints)")
      #expect(try whole.json()["events"]?.integer == 10)
      #expect(try whole.json()["state"]?.text == "finished")
      let plain = try await wordweave(
        "replay",
        "--projection",
        "posts",
        "--json",
        "--data",
        system.data,
        in: scratch
      )
      #expect(plain.code == 0, "\(plain.complaints)")
      #expect(try await system.stop() == 0)
    }
  }
}
