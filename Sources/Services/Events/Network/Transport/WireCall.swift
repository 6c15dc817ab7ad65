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
    case served(Task<Void, Never>)
    case streamed(StreamedCall)
    /// Answered or gone; what still comes in is dropped.
    case over
  }

  private let stream: HTTP2Stream
  private let connection: WireConnection
  private var phase = Phase.over
  private var decoder = MessageDecoder(limit: CallTable.openBytes)
  private var shape: WireShape?
  private var method: MethodDescriptor?
  private var window = WindowLedger()
  private var hasHead = false
  /// Whether the request is whole.
  private var hasEnded = false
  /// What the call brings along, from its head on.
  private var scope = CallScope()
  /// When its caller was last seen to have the right to it.
  private var admitted = ContinuousClock.now
  private var deadline: UInt64?
  /// Bytes of messages that wait for the rest of the request.
  private var held = 0

  init(_ stream: HTTP2Stream, _ connection: WireConnection) {
    self.stream = stream
    self.connection = connection
  }

  // MARK: What comes in

  func began(_ fields: [HTTP2Header]) {
    do throws(RequestHead.Refusal) {
      try take(RequestHead(fields))
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

  /// Takes a call up, if whoever makes it may: nothing is kept of what others send.
  private func take(_ head: RequestHead) throws(RequestHead.Refusal) {
    let direct = connection.direct[head.method]
    // Of a call that nobody knows gRPC says so.
    let entry = direct?.entry ?? CallTable.known(head.method)
    if let entry {
      do throws(RPCError) {
        try connection.direct.admit(head, entry)
      } catch {
        throw .status(error)
      }
      decoder = MessageDecoder(limit: entry.requestBytes)
    }
    scope = CallBounds.scope(
      head.metadata,
      CallBounds.timeout(head.metadata),
      isStream: entry?.isStream ?? false
    )
    method = head.method
    if let direct {
      shape = direct.shape
      phase = .direct(direct, head, message: nil)
    } else {
      shape = WireShape.of(head.method)
      stream(head)
    }
  }

  /// Gives a request that did not come whole at once the time that the call has.
  func arm() {
    guard !hasEnded, deadline == nil, let end = scope.end else { return }
    if case .over = phase { return }
    deadline = connection.direct.deadlines.add(at: end) { [self] in
      connection.loop.execute { self.overdue() }
    }
  }

  private func disarm() {
    if let deadline { connection.direct.deadlines.remove(deadline) }
    deadline = nil
  }

  private func overdue() {
    deadline = nil
    switch phase {
    case .direct, .streamed:
      refuse(CallEnd.reason(scope.end))
      connection.scheduleFlush()
    case .served(let task): task.cancel()
    case .over: break
    }
  }

  func received(_ bytes: UnsafeRawBufferPointer) {
    window.received(bytes.count)
    if case .over = phase { return makeRoom() }
    do throws(RPCError) {
      // It calls back, which may end the call.
      var taking = decoder
      decoder = MessageDecoder(limit: 0)
      try taking.take(bytes, complete)
      if case .over = phase { return makeRoom() }
      decoder = taking
      try hold(decoder.heldBytes + waitingBytes)
    } catch {
      refuse(error)
    }
    makeRoom()
  }

  /// Bytes of a message that is whole while its request is not.
  private var waitingBytes: Int {
    if case .direct(_, _, let message?) = phase { message.count } else { 0 }
  }

  private func hold(_ count: Int) throws(RPCError) {
    connection.unfinishedBytes += count - held
    held = count
    guard count == 0 || connection.unfinishedBytes <= WireConnection.unfinishedBound else {
      throw RPCError(
        code: .resourceExhausted,
        message: "the unfinished requests of this connection hold more than "
          + "\(WireConnection.unfinishedBound) bytes; send them one after the other"
      )
    }
  }

  func ended() {
    hasEnded = true
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
      letGo()
      serve(call, head, message)
    case .streamed(let call):
      // From now on gRPC keeps the time.
      disarm()
      call.ended()
    case .served, .over: break
    }
  }

  /// Gives back what the unfinished request took of the connection's room.
  private func letGo() {
    connection.unfinishedBytes -= held
    held = 0
  }

  /// Nothing is kept or waited for any more.
  private func end() {
    phase = .over
    disarm()
    letGo()
    decoder = MessageDecoder(limit: 0)
  }

  /// The stream is gone: nobody hears an answer any more.
  func closed() {
    switch phase {
    case .direct, .over: break
    case .served(let task): task.cancel()
    case .streamed(let call): giveUp(call)
    }
    end()
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
    if case .over = phase { return }
    if let excess = shape?.excess(in: message) {
      return refuse(method?.isUmaDB == true ? RPCError(umaDB: excess) : excess.rpcError)
    }
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
      end()
      call.outbound.close()
      finish(status, metadata)
    case .abandoned:
      end()
      call.outbound.close()
      connection.reset(stream, HTTP2Code.internalError)
    }
    connection.scheduleFlush()
  }

  // MARK: Served directly

  private func serve(_ call: DirectCall, _ head: RequestHead, _ message: [UInt8]) {
    if ContinuousClock.now - admitted > RunningCalls.pace {
      // The request took its time: the right may have been lost meanwhile.
      do throws(RPCError) {
        try connection.direct.admit(head, call.entry)
      } catch {
        return refuse(error)
      }
    }
    let calls = connection.direct
    let scope = scope
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
    phase = .served(task)
    if deadline == nil {
      deadline = scope.end.map { calls.deadlines.add(at: $0) { task.cancel() } }
    }
  }

  private func answer(_ outcome: Result<[UInt8], RPCError>) {
    switch phase {
    case .served, .direct: break
    case .streamed, .over: return
    }
    switch outcome {
    case .success(let bytes):
      end()
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
    end()
    finish(Status(code: Status.Code(error.code), message: error.message), error.metadata)
  }
}

extension Status {
  fileprivate static let ok = Status(code: .ok, message: "")
}
