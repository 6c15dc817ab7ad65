internal import GRPCCore
internal import HTTP2Driver
internal import NIOCore
internal import Schemas

/// One call of a connection, from its head to its status.
///
/// `@unchecked Sendable`: touched on the loop of its connection alone.
final class WireCall: @unchecked Sendable {
  /// Requests up to this size are served on the loop that they came in on; decoding a larger one
  /// would keep the loop's other connections waiting.
  static let shortBytes = 16 << 10

  private enum Phase {
    case direct(DirectCall, RequestHead, message: [UInt8]?)
    case served(Task<Void, Never>, deadline: UInt64?)
    case streamed(StreamedCall)
    /// Answered or gone; what still comes in is dropped.
    case over
  }

  private let stream: HTTP2Stream
  private let connection: WireConnection
  private var phase = Phase.over
  private var decoder = MessageDecoder(limit: EventCalls.requestBytes)
  private var window = WindowLedger()
  private var hasHead = false

  init(_ stream: HTTP2Stream, _ connection: WireConnection) {
    self.stream = stream
    self.connection = connection
  }

  // MARK: What comes in

  func began(_ fields: [HTTP2Header]) {
    do throws(RequestHead.Refusal) {
      let head = try RequestHead(fields)
      if let direct = connection.direct[head.method] {
        phase = .direct(direct, head, message: nil)
      } else {
        stream(head)
      }
    } catch {
      switch error {
      case .http(let status, let message):
        connection.respond(to: stream, [HTTP2Header(":status", status)])
        connection.write(Array(message.utf8), to: stream)
        connection.end(stream, [])
      case .status(let error): refuse(error)
      }
    }
  }

  func received(_ bytes: UnsafeRawBufferPointer) {
    window.received(bytes.count)
    if case .over = phase { return makeRoom() }
    do throws(RPCError) {
      try decoder.take(bytes, complete)
    } catch {
      refuse(error)
    }
    makeRoom()
  }

  func ended() {
    if decoder.isInMessage {
      return refuse(
        RPCError(code: .internalError, message: "the request ended in the middle of a message")
      )
    }
    switch phase {
    case .direct(let call, let head, let message):
      guard let message else {
        return refuse(RPCError(code: .internalError, message: "the request has no message"))
      }
      serve(call, head, message)
    case .streamed(let call): call.ended()
    case .served, .over: break
    }
  }

  /// The stream is gone: nobody hears an answer any more.
  func closed() {
    switch phase {
    case .direct, .over: break
    case .served(let task, let deadline):
      if let deadline { connection.direct.deadlines.remove(deadline) }
      task.cancel()
    case .streamed(let call): giveUp(call)
    }
    phase = .over
  }

  /// The server stops; streams that never end by themselves end now.
  func quiesce() {
    if case .streamed(let call) = phase { call.cancel() }
  }

  /// Bytes of the answer have gone out.
  func sent(_ count: Int) {
    if case .streamed(let call) = phase { call.outbound.sent(count) }
  }

  private func complete(_ message: [UInt8]) {
    switch phase {
    case .direct(let call, let head, nil): phase = .direct(call, head, message: message)
    case .direct:
      refuse(RPCError(code: .internalError, message: "the request has more than one message"))
    case .streamed(let call):
      window.completed()
      call.received(message)
    case .served, .over: break
    }
  }

  private func makeRoom() { connection.consumed(window.credit(), of: stream) }

  private func giveUp(_ call: StreamedCall) {
    call.ended(RPCError(code: .unavailable, message: "the call was broken off"))
    call.cancel()
    call.outbound.close()
  }

  // MARK: Served by gRPC

  private func stream(_ head: RequestHead) {
    let loop = connection.loop
    // Until the call is over, which takes it out of `phase`, each holds the other.
    let call = StreamedCall(head, connection.peers) { [self] in
      loop.execute { self.took() }
    } send: { [self] part in
      loop.execute { self.send(part) }
    }
    phase = .streamed(call)
    if connection.isStopping { call.cancel() }
    connection.accept(call)
  }

  private func took() {
    window.took()
    makeRoom()
    connection.scheduleFlush()
  }

  private func send(_ part: CallOutbound.Part) {
    guard case .streamed(let call) = phase else { return }
    switch part {
    case .head(let metadata): begin(metadata)
    case .message(let bytes): connection.write(bytes, to: stream)
    case .status(let status, let metadata):
      phase = .over
      call.outbound.close()
      finish(status, metadata)
    case .abandoned:
      phase = .over
      call.outbound.close()
      connection.reset(stream, HTTP2Code.internalError)
    }
    connection.scheduleFlush()
  }

  // MARK: Served directly

  private func serve(_ call: DirectCall, _ head: RequestHead, _ message: [UInt8]) {
    let asked = CallBounds.timeout(head.metadata)
    let scope = CallBounds.scope(head.metadata, asked, isStream: false)
    let calls = connection.direct
    // Begun on the spot, and gone on with on this loop: no other thread is woken for it.
    let isShort = message.count <= Self.shortBytes
    let task: Task<Void, Never>
    if isShort {
      task = Task.immediate(executorPreference: connection.executor) { [self] in
        answer(await calls.serve(call, head, scope, message))
      }
    } else {
      task = Task { [self] in
        let outcome = await calls.serve(call, head, scope, message)
        connection.loop.execute { self.answer(outcome) }
      }
    }
    // An answer may be there already.
    guard case .direct = phase else { return }
    phase = .served(
      task,
      deadline: scope.end.map { end in calls.deadlines.add(at: end) { task.cancel() } }
    )
  }

  private func answer(_ outcome: Result<[UInt8], RPCError>) {
    switch phase {
    case .served(_, let deadline):
      if let deadline { connection.direct.deadlines.remove(deadline) }
    case .direct: break
    case .streamed, .over: return
    }
    switch outcome {
    case .success(let bytes):
      phase = .over
      begin([:])
      connection.write(bytes.framed, to: stream)
      finish(.ok, [:])
    case .failure(let error): refuse(error)
    }
    connection.scheduleFlush()
  }

  // MARK: What goes out

  private func begin(_ metadata: Metadata) {
    guard !hasHead else { return }
    hasHead = true
    connection.respond(to: stream, ResponseHead.beginning(metadata))
  }

  private func finish(_ status: Status, _ metadata: Metadata) {
    if hasHead {
      connection.end(stream, ResponseHead.trailers(status, metadata))
    } else {
      hasHead = true
      connection.respond(to: stream, ResponseHead.only(status, metadata), isLast: true)
    }
  }

  private func refuse(_ error: RPCError) {
    if case .streamed(let call) = phase { giveUp(call) }
    phase = .over
    finish(Status(code: Status.Code(error.code), message: error.message), error.metadata)
  }
}

extension Status {
  fileprivate static let ok = Status(code: .ok, message: "")
}
