import Gateway
import Glibc
import HTTPClientDriver
import Synchronization
import Testing

@testable import WordWeave

extension WholeSystem {
  @Suite(.serialized) struct GatewayEdgesTests {
    private func expect(
      _ response: HTTPResponse,
      _ status: Int,
      _ problem: String,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      #expect(response.status == status, "\(response.text)", sourceLocation: sourceLocation)
      #expect(response.problem == problem, sourceLocation: sourceLocation)
    }

    @Test func badInputIsAClearErrorAndChangesNothing() async throws {
      let system = try await Served(in: try Scratch())
      let ada = try await Person("ada", at: system)
      let bob = try await Person("bob", at: system)
      let post = try await ada.draft("Tides")
      let path = "/v1/posts/" + post
      let before = try await system.head()
      let token = try await ada.currentToken()

      let large = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20) + Array("{}".utf8)
      expect(
        try await system.send("POST", "/v1/posts", bytes: large, token: token),
        413,
        "body-too-large"
      )
      let broken = Array(#"{"title":"a"#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)
      expect(
        try await system.send("POST", "/v1/posts", bytes: broken, token: token),
        400,
        "malformed-request"
      )
      for body in [#"{"title":7}"#, #"{"title":"a","tags":"b"}"#, #"{"title":null}"#, "{}"] {
        expect(try await ada.send("POST", "/v1/posts", body), 422, "validation")
      }
      expect(
        try await ada.send("POST", "/v1/posts", #"{"title":"a","ownerId":"user_x"}"#),
        422,
        "unknown-member"
      )
      expect(try await ada.send("POST", "/v1/posts", "{"), 400, "malformed-request")

      expect(
        try await ada.send("PATCH", path, #"{"title":"b"}"#, [("If-Match", "\"r9\"")]),
        412,
        "revision-conflict"
      )
      expect(try await ada.send("PATCH", path, #"{"title":"b"}"#), 428, "if-match-required")
      expect(try await system.send("POST", "/v1/posts", #"{"title":"a"}"#), 401, "unauthenticated")
      expect(
        try await system.send("GET", path, nil, token: "nonsense"),
        401,
        "token-invalid"
      )
      expect(try await ada.send("GET", "/v1/admin/log"), 403, "forbidden")
      expect(try await bob.send("GET", path), 404, "not-found")
      expect(try await system.send("GET", path), 404, "not-found")
      let foreign = try await bob.send("PATCH", path, #"{"title":"b"}"#, [("If-Match", "\"r0\"")])
      #expect([403, 404].contains(foreign.status), "\(foreign.text)")
      #expect(try await system.head() == before)
      #expect(try await system.stop() == 0)
    }

    @Test func aLostRaceTellsWhatHappenedMeanwhile() async throws {
      let system = try await Served(in: try Scratch())
      let ada = try await Person("ada", at: system)
      let path = "/v1/posts/" + (try await ada.draft("Tides"))
      let first = try await ada.send("PATCH", path, #"{"title":"b"}"#, [("If-Match", "\"r0\"")])
      #expect(first.status == 200)
      #expect(first.head["ETag"] == "\"r1\"")
      let second = try await ada.send("PATCH", path, #"{"title":"c"}"#, [("If-Match", "\"r0\"")])
      expect(second, 412, "revision-conflict")
      let told = try second.json()
      #expect(told["currentRevision"]?.integer == 1)
      #expect(told["changes"]?.items?.compactMap { $0["revision"]?.integer } == [1])
      #expect(told["changes"]?.items?.first?["members"]?.items?.first?.text == "title")
    }

    @Test func aRepeatWithItsKeyAddsOneEventAndAnswersTheSame() async throws {
      let system = try await Served(in: try Scratch())
      let ada = try await Person("ada", at: system)
      let before = try await system.head()
      let key: [HTTPRequest.Header] = [("Idempotency-Key", "\"tides-1\"")]
      let body = #"{"title":"Tides","body":"Words."}"#
      let first = try await ada.send("POST", "/v1/posts", body, key)
      #expect(first.status == 201)
      try await system.crash()
      try await system.restart()
      for _ in 0..<3 {
        let again = try await ada.send("POST", "/v1/posts", body, key)
        #expect(again.status == 201)
        #expect(again.body == first.body)
        #expect(again.head["Idempotency-Replayed"] == "?1")
        #expect(again.head["Location"] == first.head["Location"])
      }
      #expect(try await system.head() == before + 1)
      let other = try await ada.send("POST", "/v1/posts", #"{"title":"Ebb"}"#, key)
      expect(other, 422, "idempotency-key-reused")
      #expect(try await system.head() == before + 1)
    }

    @Test func whoNamesAPositionReadsItOrIsRefused() async throws {
      let system = try await Served(in: try Scratch())
      let ada = try await Person("ada", at: system)
      let path = "/v1/posts/" + (try await ada.draft("Tides"))
      for round in 0..<30 {
        let title = "Tides \(round)"
        let written = try await ada.send(
          "PATCH",
          path,
          #"{"title":"\#(title)"}"#,
          [("If-Match", "\"r\(round)\"")]
        )
        #expect(written.status == 200, "\(written.text)")
        let place = try #require(written.head["WordWeave-Position"])
        let read = try await ada.send("GET", path, nil, [("WordWeave-Min-Position", place)])
        #expect(read.status == 200)
        #expect(try read.json()["title"]?.text == title)
        #expect((read.position ?? 0) >= (written.position ?? 1))
      }
      let answer = try await ada.send("GET", path)
      let place = try #require(answer.head["WordWeave-Position"])
      let log = place.split(separator: ".").dropLast().joined(separator: ".")
      let beyond: [HTTPRequest.Header] = [("WordWeave-Min-Position", log + ".999999")]
      expect(try await ada.send("GET", path, nil, beyond), 400, "position-beyond-head")
      let foreign: [HTTPRequest.Header] = [("WordWeave-Min-Position", "elsewhere_1.1")]
      expect(try await ada.send("GET", path, nil, foreign), 409, "log-changed")
    }

    @Test func drainingFinishesWhatIsInFlight() async throws {
      let system = try await Served(in: try Scratch())
      let path = "/identity/sign-ups"
      // Hashing a password takes a good part of a second, so these are in flight for long.
      let answers = try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
        for person in 0..<6 {
          group.addTask {
            try await system.send(
              "POST",
              path,
              #"{"username":"p\#(person)","email":"p\#(person)@example.org","#
                + #""password":"correct horse"}"#
            )
          }
        }
        // The first answer says that the hashing threads, and so the requests behind them, work.
        var answers = [try #require(try await group.next())]
        kill(system.child.pid, SIGTERM)
        for try await answer in group { answers.append(answer) }
        return answers
      }
      #expect(answers.map(\.status) == Array(repeating: 201, count: 6))
      #expect(try await system.child.end() == 0, "\(system.child.complaints)")
      #expect(ServedDirectory.url(in: system.data) == nil)
      try await system.restart()
      let events = try await system.events()
      #expect(events.count { $0["type"]?.text == "UserRegistered" } == 6)
      #expect(try await system.stop() == 0)
    }
  }
}
