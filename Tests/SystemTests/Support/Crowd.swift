import GRPCCore
import GRPCNIOTransportHTTP2
import Schemas
import Synchronization

/// Many subscribers of an Event Service, over few connections, each a call of its own.
final class Crowd: Sendable {
  private typealias Log = Wordweave_Events_V1_EventLog.Client<HTTP2ClientTransport.Posix>

  /// Calls of one connection; what a process with many subscriptions has.
  private static let callsPerConnection = 500

  private struct Line {
    let client: GRPCClient<HTTP2ClientTransport.Posix>
    let connecting: Task<Void, any Error>
    var calls = 0
  }

  private struct State {
    var lines: [Line] = []
    var calls: [Task<Void, Never>] = []
    var live = 0
    var positions: [[UInt64]] = []
    var failures: [String] = []
  }

  private let port: Int
  private let metadata: GRPCCore.Metadata
  private let state = Mutex(State())

  init(port: Int, token: String) {
    self.port = port
    metadata = ["authorization": .string("Bearer \(token)")]
  }

  /// Whether so many have caught up; none may have ended.
  func live(_ count: Int) throws -> Void? {
    try complain()
    return state.withLock { $0.live == count } ? () : nil
  }

  /// What each has received, in the order in which it came.
  var positions: [[UInt64]] { state.withLock { $0.positions } }

  /// Throws why calls ended that should not have.
  func complain() throws {
    let (failures, live, calls) = state.withLock { ($0.failures, $0.live, $0.calls.count) }
    guard let first = failures.first else { return }
    throw Trouble(
      "\(failures.count) of \(calls) subscriptions ended, \(live) had caught up: \(first)"
    )
  }

  /// Whether each has received at least so many events.
  func haveReceived(_ count: Int) -> Bool {
    state.withLock { state in state.positions.allSatisfy { $0.count >= count } }
  }

  /// Adds subscribers of what is appended from now on.
  ///
  /// - tag: what their events bear; nil for all events.
  func add(_ count: Int, tag: String? = nil) throws {
    var request = Wordweave_Events_V1_SubscribeRequest()
    request.fromHead = true
    if let tag {
      var item = Wordweave_Events_V1_QueryItem()
      item.tags = [tag]
      request.items = [item]
    }
    for _ in 0..<count {
      let log = Log(wrapping: try line())
      let place = state.withLock { state in
        state.positions.append([])
        return state.positions.count - 1
      }
      let call = Task { [request] in await follow(log, request, place) }
      state.withLock { $0.calls.append(call) }
    }
  }

  private func follow(
    _ log: Log,
    _ request: Wordweave_Events_V1_SubscribeRequest,
    _ place: Int
  ) async {
    var options = CallOptions.defaults
    options.waitForReady = true
    do {
      try await log.subscribe(request, metadata: metadata, options: options) { response in
        for try await message in response.messages {
          switch message.content {
          case .events(let page)?:
            let positions = page.events.map(\.position)
            self.state.withLock { $0.positions[place] += positions }
          case .caughtUp?: self.state.withLock { $0.live += 1 }
          default: break
          }
        }
      }
    } catch {
      guard !Task.isCancelled else { return }
      state.withLock { $0.failures.append("\(error)") }
    }
  }

  /// A connection that has room for another call.
  private func line() throws -> GRPCClient<HTTP2ClientTransport.Posix> {
    try state.withLock { state in
      if let last = state.lines.last, last.calls < Self.callsPerConnection {
        state.lines[state.lines.count - 1].calls += 1
        return last.client
      }
      let client = GRPCClient(
        transport: try .http2NIOPosix(
          target: .ipv4(address: "127.0.0.1", port: port),
          transportSecurity: .plaintext
        )
      )
      let connecting = Task { try await client.runConnections() }
      state.lines.append(Line(client: client, connecting: connecting, calls: 1))
      return client
    }
  }

  /// Ends all calls and connections.
  func leave() async {
    let (calls, lines) = state.withLock { ($0.calls, $0.lines) }
    for call in calls { call.cancel() }
    for call in calls { await call.value }
    for line in lines { line.client.beginGracefulShutdown() }
    for line in lines { _ = try? await line.connecting.value }
  }
}
