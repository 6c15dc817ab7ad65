import EventLogCore
import Foundation
import Gateway
import Testing

@testable import WordWeave

extension WholeSystem {
  /// The beginning of the blog's history, asked who did what.
  @Suite(.serialized, .enabled(if: SharedBlog.isThere, SharedBlog.comment), .auditedBlog)
  struct AuditTests {
    private func system() throws -> Served { try #require(AuditedBlog.current) }

    private func audit(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation)
      async throws -> Outcome
    {
      let system = try system()
      let child = try start(["audit"] + arguments + ["--data", system.data], in: system.scratch)
      let code = try await child.end()
      return Outcome(code: code, printed: child.printed, complaints: child.complaints)
    }

    private func lines(_ outcome: Outcome) throws -> [JSONValue] {
      #expect(outcome.code == 0, "\(outcome.complaints)")
      return try outcome.printed.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    @Test func eventsAreFoundByEachOfTheirFacts() async throws {
      let events = try await system().events()
      #expect(events.count > 100)
      let some = try #require(
        events.dropFirst(events.count / 2).first { $0["tags"]?.items?.isEmpty == false }
      )
      let actor = try #require(some["metadata"]?["actor"]?.text)
      let type = try #require(some["type"]?.text)
      let tag = try #require(some["tags"]?.items?.first?.text)
      let time = try #require(some["recordedAt"]?.text)
      let questions: [([String], (JSONValue) -> Bool)] = [
        (["--actor", actor], { $0["metadata"]?["actor"]?.text == actor }),
        (["--type", type], { $0["type"]?.text == type }),
        (["--tag", tag], { ($0["tags"]?.items ?? []).contains(.string(tag)) }),
        (["--since", time], { $0["recordedAt"]?.text ?? "" >= time }),
        (["--until", time], { $0["recordedAt"]?.text ?? "9" < time }),
        (["--entity", "user"], { $0["stream"]?.text?.hasPrefix("user-") == true }),
        (
          ["--actor", actor, "--type", type, "--since", time],
          {
            $0["metadata"]?["actor"]?.text == actor && $0["type"]?.text == type
              && $0["recordedAt"]?.text ?? "" >= time
          }
        ),
      ]
      let system = try system()
      for (options, isMeant) in questions {
        let child = try start(
          ["audit", "search", "--limit", "0", "--forwards", "--json", "--data", system.data]
            + options,
          in: system.scratch
        )
        #expect(try await child.end() == 0, "\(child.complaints)")
        let found = try child.printed.split(separator: "\n").map {
          try JSONValue(parsing: String($0))["position"]?.integer
        }
        #expect(found == events.filter(isMeant).map { $0["position"]?.integer }, "\(options)")
        #expect(!found.isEmpty, "\(options)")
      }
      let table = try await audit("search", "--type", type, "--limit", "2")
      #expect(table.printed.contains("POSITION"))
      #expect(table.printed.split(separator: "\n").count == 3)
    }

    @Test func aStreamAsOfARevisionIsWhatItsHistorySays() async throws {
      let system = try system()
      let post = try #require(
        try await system.walk(limit: 100).max {
          $0["revision"]?.integer ?? 0 < $1["revision"]?.integer ?? 0
        }
      )
      let id = try #require(post["id"]?.text)
      let newest = try #require(post["revision"]?.integer)
      #expect(newest >= 2)
      for revision in 0...newest {
        let path = "/v1/posts/\(id)/revisions/\(revision)"
        let told = try await system.send("GET", path, token: system.operatorToken).json()
        let shown = try await audit("show", "post-\(id)", "--at", "@\(revision)", "--json").json()
        let state = shown["state"]
        for member in ["title", "summary", "body"] {
          #expect(
            (state?[member]?.text ?? "") == (told[member]?.text ?? ""),
            "\(member) of \(id)@\(revision)"
          )
        }
        #expect(state?["tags"]?.items ?? [] == told["tags"]?.items ?? [], "\(id)@\(revision)")
        #expect(shown["eventCount"]?.integer == revision + 1)
      }
      let table = try await audit("show", "post-\(id)")
      #expect(table.printed.contains("FIELD"))
      #expect(table.printed.contains("PostDrafted"))
    }

    @Test func whoChangedATitleIsWhatTheEventsSay() async throws {
      let system = try system()
      let events = try await system.events()
      var titles: [String: [(position: Int64, title: String)]] = [:]
      for event in events {
        guard let stream = event["stream"]?.text, stream.hasPrefix("post-"),
          let title = event["data"]?["title"]?.text, titles[stream]?.last?.title != title
        else { continue }
        titles[stream, default: []].append((event["position"]?.integer ?? 0, title))
      }
      let (stream, changes) = try #require(titles.max { $0.value.count < $1.value.count })
      let blamed = try lines(try await audit("blame", stream, "title", "--json"))
      #expect(blamed.map { $0["position"]?.integer } == changes.reversed().map(\.position))
      #expect(blamed.map { $0["after"]?.text } == changes.reversed().map(\.title))
      #expect(blamed.last?["before"]?.isNull == true)
      #expect(blamed.allSatisfy { $0["actor"]?.text?.hasPrefix("user_") == true })
      let diff = try await audit("diff", stream, "@0", "\(try await system.head())", "--json")
        .json()
      let title = diff["items"]?.items?.first { $0["field"]?.text == "title" }
      if changes.count > 1, changes.first?.title != changes.last?.title {
        #expect(title?["before"]?.text == changes.first?.title)
        #expect(title?["after"]?.text == changes.last?.title)
      }
    }

    @Test func anEventIsTracedToItsCommand() async throws {
      let events = try await system().events()
      let some = try #require(events.last { $0["type"]?.text == "PostEdited" })
      let id = try #require(some["id"]?.text)
      let told = try await audit("trace", id, "--json").json()
      #expect(told["event"]?.integer == some["position"]?.integer)
      #expect(told["origin"]?.text == some["metadata"]?["causation-id"]?.text)
      let drawn = try await audit("trace", id, "--whole")
      #expect(drawn.code == 0)
      #expect(drawn.printed.contains("▶ PostEdited"))
    }

    @Test func exportsHoldEveryEventThatFits() async throws {
      let system = try system()
      let expected = try await system.events().filter {
        $0["stream"]?.text?.hasPrefix("post-") == true
      }
      let file = system.scratch.path + "/audit.ndjson"
      let written = try await audit("export", "--entity", "post", "--output", file)
      #expect(written.code == 0, "\(written.complaints)")
      let exported = try Files.text(file).split(separator: "\n").map {
        try JSONValue(parsing: String($0))
      }
      // The same objects that the gateway shows.
      #expect(exported == expected)
      let table = try await audit("export", "--entity", "post", "--format", "csv", "-q")
      #expect(table.code == 0, "\(table.complaints)")
      let rows = Self.rows(table.printed)
      #expect(rows.first?.first == "position")
      #expect(rows.dropFirst().map { $0.first } == expected.map { $0["position"]?.cell })
      let bodies = try rows.dropFirst().map { try JSONValue(parsing: $0.last ?? "") }
      #expect(bodies == expected.compactMap { $0["data"] })
      let actions = try lines(try await audit("search", "--type", "$audit-exported", "--json"))
      #expect(actions.count >= 2)
      #expect(actions.allSatisfy { $0["metadata"]?["actor"]?.text == "operator" })
    }

    @Test func whatOperatorsDoIsFound() async throws {
      let system = try system()
      let verified = try await wordweave(
        "events",
        "verify",
        "--data",
        system.data,
        in: system.scratch
      )
      #expect(verified.code == 0)
      // The audit's own grows by the record of its rebuild, between comparison and cut-over too.
      for projection in ["posts/posts", "events/audit"] {
        let rebuilt = try await wordweave(
          "projections",
          "rebuild",
          projection,
          "--json",
          "--data",
          system.data,
          in: system.scratch
        )
        #expect(rebuilt.code == 0, "\(rebuilt.complaints)")
        let last = try rebuilt.json()
        #expect(last["phase"]?.text == "cutOver", "\(last.serialized)")
        #expect(last["liveDigest"]?.text == last["freshDigest"]?.text)
      }
      let made = try await wordweave(
        "tokens",
        "create",
        "--rights",
        "read",
        "--name",
        "audit test",
        "--json",
        "--data",
        system.data,
        in: system.scratch
      )
      let token = try #require(try made.json()["id"]?.text)
      try await eventually("the token is recorded") {
        let found = try await audit("search", "--type", "$token-created", "--json")
        return found.printed.contains(token) ? () : nil
      }
      let secret = try #require(try made.json()["token"]?.text)
      let all = try await audit("search", "--stream", "$admin", "--limit", "0", "--json")
      #expect(!all.printed.contains(secret))
      let types = Set(try lines(all).compactMap { $0["type"]?.text })
      #expect(
        types.isSuperset(of: [
          "$log-verified", "$projection-rebuild-started", "$projection-rebuild-ended",
          "$projection-cut-over", "$token-created",
        ])
      )
    }

    @Test func badQuestionsEndWithASentence() async throws {
      for (arguments, sentence) in [
        (["search", "--since", "yesterday"], "2026-01-31"),
        (["search", "--since", "2026-02-01", "--until", "2026-01-01"], "empty"),
        (["search", "--actor", String(repeating: "x", count: 600)], "at most 512"),
        (["trace", "nonsense"], "id or its position"),
        (["trace", "99999999"], "no event at position 99999999"),
        (["show", "post-none"], "no stream 'post-none'"),
        (["blame", "post-none", "title"], "no stream 'post-none'"),
        (["diff", "post-none", "x", "1"], "2026-01-31"),
        (["export", "--since", "yesterday"], "2026-01-31"),
      ] as [([String], String)] {
        let system = try system()
        let child = try start(["audit"] + arguments + ["--data", system.data], in: system.scratch)
        // What the command line says wrongly is never asked.
        let code: Int32 = sentence == "2026-01-31" ? 64 : 1
        #expect(try await child.end() == code, "\(arguments)")
        #expect(child.complaints.contains(sentence), "\(arguments): \(child.complaints)")
        #expect(child.printed.isEmpty, "\(arguments)")
      }
    }

    /// Reads CSV as RFC 4180 has it.
    private static func rows(_ text: String) -> [[String]] {
      var (rows, row, cell, isQuoted) = ([[String]](), [String](), "", false)
      var rest = text.unicodeScalars[...]
      while let scalar = rest.popFirst() {
        switch (scalar, isQuoted) {
        case ("\"", true) where rest.first == "\"":
          rest.removeFirst()
          cell.unicodeScalars.append("\"")
        case ("\"", _): isQuoted.toggle()
        case (",", false):
          row.append(cell)
          cell = ""
        case ("\r", false): break
        case ("\n", false):
          rows.append(row + [cell])
          (row, cell) = ([], "")
        default: cell.unicodeScalars.append(scalar)
        }
      }
      return rows
    }
  }

  /// The audit of a system that is stopped, and of one that serves the log alone.
  @Suite struct AuditAloneTests {
    @Test func aStoppedSystemAndTheEventServiceAloneAnswerToo() async throws {
      let scratch = try Scratch()
      let alone = try await Served(in: scratch, options: ["--only", "events"])
      let verified = try await wordweave("events", "verify", "--data", alone.data, in: scratch)
      #expect(verified.code == 0, "\(verified.complaints)")
      let typo = ["events", "read", "--stream", "typo", "--data", alone.data]
      let empty = try start(typo, in: scratch)
      #expect(try await empty.end() == 0)
      #expect(empty.printed.isEmpty)
      #expect(empty.complaints.trimmed == "there are no events in stream 'typo'")
      let question = ["audit", "search", "--actor", "operator", "--json", "--data", alone.data]
      let running = try start(question, in: scratch)
      #expect(try await running.end() == 0, "\(running.complaints)")
      #expect(running.printed.contains("$log-verified"))
      let projections = try await alone.json("/v1/admin/projections")["items"]?.items
      #expect(projections?.map { $0["name"]?.text } == ["events/audit"])
      #expect(try await alone.stop() == 0)
      let stopped = try start(question, in: scratch)
      #expect(try await stopped.end() == 0, "\(stopped.complaints)")
      #expect(stopped.printed == running.printed)
    }
  }
}

/// Runs a suite beside a system that holds the beginning of the blog's history.
struct AuditedBlogTrait: SuiteTrait, TestScoping {
  /// Changes that are imported: enough for posts with several revisions, in a few seconds.
  private static let changes = 120

  func provideScope(
    for test: Test,
    testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let scratch = try Scratch()
    let file = scratch.path + "/revisions.ndjson"
    try SharedBlog.firstRevisions(Self.changes, to: file)
    let system = try await Served(in: scratch)
    let report = try await system.importBlog(file)
    #expect(report.code == 0, "\(report.complaints)")
    try await AuditedBlog.$current.withValue(system) { try await function() }
    #expect(try await system.stop() == 0)
  }
}

extension Trait where Self == AuditedBlogTrait {
  static var auditedBlog: Self { AuditedBlogTrait() }
}

enum AuditedBlog {
  @TaskLocal static var current: Served?
}
