import EventLogCore
import Gateway
import Synchronization
import Testing

@testable import WordWeave

@Suite(.timeLimit(.minutes(1))) struct ImportSenderTests {
  private static let identity = ImportIdentity(name: "test")

  private static func plan(posts: Int) -> ImportPlan {
    var plan = ImportPlan()
    for number in 0..<posts {
      let post = identity.post(firstFile: "\(number)", generation: 1)
      for step in ["create", "edit"] {
        plan.commands.append(
          ImportCommand(
            id: identity.command(commit: "c", file: "\(number)", step: step),
            at: Timestamp(microseconds: 0),
            actor: "user_a",
            action: step == "create"
              ? .createPost(
                post: post,
                ImportContent(title: "\(number)", body: "b", tags: [], byline: [])
              )
              : .editPost(post: post, ImportChanges(slug: "s-\(number)"))
          )
        )
      }
    }
    return plan
  }

  /// A gateway that answers each line once, as `answer` says; nil ends the answer early.
  private func server(
    _ answer: @escaping @Sendable (_ request: Int, _ index: Int, _ isRepeat: Bool) -> String?
  ) throws -> RawServer {
    let requests = Atomic<Int>(0)
    let shared = Requests(requests)
    let seen = Shared(Mutex(Set<String>()))
    return try RawServer { connection in
      while let text = connection.request() {
        let request = shared.count.add(1, ordering: .relaxed).oldValue
        let lines = text.split(separator: "\r\n\r\n", maxSplits: 1).last?.split(separator: "\n")
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for (index, line) in (lines ?? []).enumerated() {
          let id = (try? JSONValue(parsing: String(line)))?["commandID"]?.text ?? ""
          let isRepeat = seen.value.withLock { $0.contains(id) }
          guard let status = answer(request, index, isRepeat) else { return }
          if !status.contains("failed") { seen.value.withLock { _ = $0.insert(id) } }
          let part = "{\"index\":\(index),\(status)}\n"
          connection.write("\(String(part.utf8.count, radix: 16))\r\n\(part)\r\n")
        }
        connection.write("0\r\n\r\n")
      }
    }
  }

  private final class Requests: Sendable {
    let count: Atomic<Int>
    init(_ count: consuming sending Atomic<Int>) { self.count = count }
  }

  private func send(_ plan: ImportPlan, to server: RawServer) async throws -> ImportOutcome {
    let client = try AdminClient(SystemAddress(url: server.url, token: "t"))
    var told = 0
    let outcome = try await ImportSender(client: client).send(plan) { told = $0.answered }
    #expect(told == outcome.answered)
    return outcome
  }

  @Test func everyCommandIsAnsweredOnce() async throws {
    let server = try server { _, _, isRepeat in
      #"""
      "status":"\#(isRepeat ? "repeat" : "done")","position":7
      """#
    }
    let plan = Self.plan(posts: 100)
    let first = try await send(plan, to: server)
    #expect(first.done == 200)
    #expect(first.position == 7)
    let second = try await send(plan, to: server)
    #expect(second.done == 0)
    #expect(second.repeats == 200)
  }

  @Test func anAnswerThatBreaksOffIsAskedAgainForTheRest() async throws {
    let server = try server { request, index, isRepeat in
      if request < 2, index == 5 { return nil }
      return isRepeat ? #""status":"repeat""# : #""status":"done""#
    }
    let outcome = try await send(Self.plan(posts: 20), to: server)
    #expect(outcome.done == 40)
    #expect(outcome.repeats == 0)
  }

  @Test func whatFailsForWantOfCapacityIsSentAgainWithWhatFollowedIt() async throws {
    let server = try server { request, index, _ in
      if request == 0, index == 2 { return #""status":"failed","error":"overloaded: later""# }
      if request == 0, index == 3 { return #""status":"failed","error":"conflict: earlier""# }
      return #""status":"done""#
    }
    let outcome = try await send(Self.plan(posts: 4), to: server)
    #expect(outcome.done == 8)
    #expect(outcome.failures.isEmpty)
  }

  @Test func aRefusedCommandIsToldAndTheRestGoesOn() async throws {
    let server = try server { _, index, _ in
      index == 1 ? #""status":"failed","error":"rejected: no""# : #""status":"done""#
    }
    let outcome = try await send(Self.plan(posts: 4), to: server)
    #expect(outcome.done == 7)
    #expect(outcome.failures.map(\.error) == ["rejected: no"])
  }
}
