import Gateway
import Synchronization
import Testing
import WeaveRuntime

@testable import WordWeave

@Suite(.timeLimit(.minutes(1))) struct LogTailTests {
  /// A server that answers each request with the next of some bodies, and then with the last.
  private static func server(_ bodies: String..., noting requests: Notes) throws -> RawServer {
    try RawServer { connection in
      guard let request = connection.request() else { return }
      let place = requests.add(request.split(separator: "\r\n").first.map(String.init) ?? "")
      let body = bodies[min(place, bodies.count - 1)] + "\n"
      connection.answer(body, headers: "Connection: close\r\n")
    }
  }

  private static func tail(_ server: RawServer) throws -> LogTail {
    let client = try AdminClient(SystemAddress(url: server.url, token: nil))
    var tail = LogTail(client, after: 4)
    tail.pause = .zero
    // The cap is longer than any test: trouble is a row of troubles.
    tail.backoff = Backoff(base: .milliseconds(1), cap: .seconds(60))
    return tail
  }

  private static func problem(_ slug: String) -> String {
    #"{"finished":true,"error":"\#(slug)","message":"It is \#(slug)."}"#
  }

  /// Follows to the error that ends it; answers what was told, and the error.
  private func follow(_ tail: inout LogTail) async throws -> (told: [String], end: CommandError) {
    var told: [String] = []
    do {
      try await tail.follow { news in
        switch news {
        case .event(let event): told.append("event \(event["position"]?.cell ?? "")")
        case .caughtUp(let position): told.append("caught up \(position)")
        case .trouble(let message): told.append(message)
        }
      }
    } catch let error as CommandError {
      return (told, error)
    }
    throw CancellationError()
  }

  @Test(arguments: [
    "unauthenticated", "token-expired", "forbidden", "validation", "log-damaged",
  ])
  func aTroubleThatStaysEndsIt(_ slug: String) async throws {
    let requests = Notes()
    let server = try Self.server(
      #"{"event":{"position":5}}"# + "\n" + Self.problem(slug),
      noting: requests
    )
    var tail = try Self.tail(server)
    let (told, end) = try await follow(&tail)
    #expect(told == ["event 5"])
    #expect(end.code == .failure)
    #expect(end.description.hasPrefix("following the log: It is \(slug)"))
    #expect(server.connections == 1)
  }

  @Test func aTroubleThatPassesIsToldOnceAndWaitedFor() async throws {
    let requests = Notes()
    let overloaded = Self.problem("overloaded")
    let server = try Self.server(
      #"{"caughtUp":4}"#,
      overloaded,
      overloaded,
      // What a newer system says may pass as well.
      Self.problem("unheard-of"),
      #"{"event":{"position":5}}"# + "\n" + overloaded,
      Self.problem("forbidden"),
      noting: requests
    )
    var tail = try Self.tail(server)
    let (told, end) = try await follow(&tail)
    #expect(told == ["caught up 4", "It is overloaded", "event 5", "It is overloaded"])
    #expect(end.found == "It is forbidden")
    #expect(end.advice?.contains("operator token") == true)
    #expect(tail.last == 5)
    let places = requests.all.map { $0.contains("after=5") ? 5 : 4 }
    #expect(places == [4, 4, 4, 4, 4, 5])
    #expect(server.connections == 6)
  }

  @Test func whatWasNotTakenIsNotCounted() async throws {
    struct Full: Error {}
    let server = try Self.server(#"{"event":{"position":5}}"#, noting: Notes())
    var tail = try Self.tail(server)
    await #expect(throws: Full.self) { try await tail.follow { _ in throw Full() } }
    #expect(tail.last == 4)
  }
}

/// The first lines of requests.
private final class Notes: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }

  /// Answers how many there were before.
  func add(_ line: String) -> Int {
    lines.withLock { lines in
      lines.append(line)
      return lines.count - 1
    }
  }
}
