internal import EventLogCore
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
  /// Answers of direct calls up to this size are not counted: all calls of a connection together have
  /// no more of them than its room.
  private static let shortAnswer = 4 << 10
  /// What a message counts for beside its bytes, so that empty ones are no gift: what stands around
  /// it while it waits.
  private static let messageBytes = 64

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
  private var decoder = MessageDecoder(limit: CallTable.unknownBytes)
  private var shape: WireShape?
  private var method: MethodDescriptor?
  /// What is known of the call; nil of one that nobody knows.
  private var entry: CallTable.Entry?
  private var window = WindowLedger()
  private var hasHead = false
  /// Whether the request is whole.
  private var hasEnded = false
  /// What the call brings along, from its head on.
  private var scope = CallScope()
  /// When it began, and its caller was seen to have the right to it.
  private let admitted = ContinuousClock.now
  /// Whether its messages are taken one by one instead of all at the end of the request.
  private var isUpload = false
  /// When the request must be whole; nil if it may take its time.
  private var requestEnd: ContinuousClock.Instant?
  private var deadline: UInt64?
  /// When that is.
  private var due: ContinuousClock.Instant?
  /// Bytes of whole messages that wait for the rest of the request, to be taken, or for what gRPC
  /// makes of them: a stream may keep its request for as long as it goes on.
  private var waiting = 0
  /// Bytes of the request that are counted at the connection.
  private var held = 0
  /// Whether its stream is counted among those of calls that nobody needs a right for.
  private var isOpenStream = false
  /// What is written of a streamed answer, until its stream is gone; also of one that is over.
  private var outbound: CallOutbound?
  /// Bytes of an answer that gRPC did not write and that has not gone out, if it is not short.
  private var answered = 0
  /// Whether some of the answer has gone out since the connection last looked.
  var hasMoved = false

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
      case .http(let status):
        connection.respond(to: stream, [HTTP2Header(":status", status)], isLast: true)
      case .status(let error): refuse(error)
      }
    }
  }

  /// Takes a call up, if whoever makes it may: nothing is kept of what others send.
  private func take(_ head: RequestHead) throws(RequestHead.Refusal) {
    let direct = connection.direct[head.method]
    // Of a call that nobody knows gRPC says so.
    let entry = direct?.entry ?? CallTable.known(head.method)
    self.entry = entry
    if let entry {
      do throws(RPCError) {
        try connection.direct.admit(head, entry)
        try countOpenStream(entry)
      } catch {
        throw .status(error)
      }
      decoder = MessageDecoder(limit: entry.requestBytes)
    }
    bound(head, entry)
    method = head.method
    if let direct {
      shape = direct.shape
      phase = .direct(direct, head, message: nil)
    } else {
      shape = WireShape.of(head.method)
      stream(head)
    }
  }

  /// Takes up a call that everybody may make, if there are few of them.
  private func countOpenStream(_ entry: CallTable.Entry) throws(RPCError) {
    guard entry.right == nil else { return }
    guard connection.openStreams < CallTable.openStreams else {
      throw RPCError(
        code: .resourceExhausted,
        message: "this connection has \(CallTable.openStreams) such calls; end one first"
      )
    }
    connection.openStreams += 1
    isOpenStream = true
  }

  /// Says how long the call and its request may take.
  private func bound(_ head: RequestHead, _ entry: CallTable.Entry?) {
    let limit = connection.bounds.callLimit
    let isStream = entry?.isStream ?? false
    isUpload = entry?.isUpload ?? false
    scope = CallBounds.scope(head, begun: admitted, limit: limit, isStream: isStream)
    requestEnd = scope.end
    guard isStream, !isUpload else { return }
    // What is asked for is one message, however long the answer goes on.
    let latest = admitted + limit
    requestEnd = min(scope.end ?? latest, latest)
  }

  /// Gives a request that did not come whole at once the time that it has.
  func arm() {
    if !hasEnded { arm(at: requestEnd) }
  }

  private func arm(at end: ContinuousClock.Instant?) {
    guard deadline == nil, let end else { return }
    if case .over = phase { return }
    due = end
    deadline = connection.direct.deadlines.add(at: end) { [self] in
      connection.loop.execute { self.overdue(end) }
    }
  }

  private func disarm() {
    if let deadline { connection.direct.deadlines.remove(deadline) }
    deadline = nil
    due = nil
  }

  private func overdue(_ end: ContinuousClock.Instant) {
    // It may have got another end while this was on its way.
    guard due == end else { return }
    disarm()
    switch phase {
    case .direct, .streamed:
      refuse(CallEnd.reason(end))
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
      try hold(decoder.heldBytes + waiting)
    } catch {
      refuse(error)
    }
    makeRoom()
  }

  private func hold(_ count: Int) throws(RPCError) {
    keep(count)
    guard count == 0 || connection.unfinishedBytes <= WireConnection.unfinishedBound else {
      throw RPCError(
        code: .resourceExhausted,
        message: "the requests of this connection that are unfinished or served hold more than "
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
      // Streams are looked after while they run; what else gRPC serves begins with its last byte.
      if let entry, !entry.isStream {
        do throws(RPCError) {
          try admitAgain(call.head, entry)
        } catch {
          return refuse(error)
        }
      }
      if due != scope.end {
        disarm()
        arm(at: scope.end)
      }
      call.ended()
    case .served, .over: break
    }
  }

  /// Refuses a call whose request took its time, if the right to it was lost meanwhile.
  private func admitAgain(_ head: RequestHead, _ entry: CallTable.Entry) throws(RPCError) {
    guard ContinuousClock.now - admitted > RunningCalls.pace else { return }
    try connection.direct.admit(head, entry)
  }

  /// Gives back what the request took of the connection's room.
  private func letGo() {
    waiting = 0
    keep(0)
  }

  private func keep(_ count: Int) {
    connection.unfinishedBytes += count - held
    held = count
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
    dropAnswer()
    outbound = nil
    // Not with its end: what was answered may wait for a window for ever.
    if isOpenStream { connection.openStreams -= 1 }
    isOpenStream = false
  }

  /// The server stops; streams that never end by themselves end now.
  func quiesce() {
    if case .streamed(let call) = phase { call.cancel() }
  }

  /// Bytes of the answer have gone out.
  func sent(_ count: Int) {
    hasMoved = true
    outbound?.sent(count)
    guard answered > 0 else { return }
    let gone = min(count, answered)
    answered -= gone
    connection.room.remove(gone)
  }

  /// What is left of the answer never goes out.
  private func dropAnswer() {
    outbound?.drop()
    connection.room.remove(answered)
    answered = 0
  }

  /// Bytes of the answer that stand still in front of a closed window; 0 if it moves.
  ///
  /// - isStill: whether that of the connection is closed, and nothing has moved.
  func stalledBytes(isStill: Bool) -> Int {
    let queued = outbound?.queued ?? answered
    guard !hasMoved, queued > 0, isStill || connection.isBlocked(stream) else { return 0 }
    return queued
  }

  /// Drops an answer that nobody reads; clients of gRPC take the code for RESOURCE_EXHAUSTED.
  ///
  /// A status would have to wait for the window as well, or cut a message in two.
  func giveUpStalled() {
    if case .streamed(let call) = phase { giveUp(call) }
    end()
    dropAnswer()
    connection.reset(stream, HTTP2Code.enhanceYourCalm)
  }

  private func complete(_ message: [UInt8]) {
    if case .over = phase { return }
    if let excess = shape?.excess(in: message) { return refuse(excess) }
    waiting += message.count + Self.messageBytes
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
    scope.room = connection.room
    // Until its stream is closed, which takes it out of here, each holds the other.
    let call = StreamedCall(head, scope, connection.peers) { [self] in
      loop.execute { self.took() }
    } send: { [self] part in
      loop.execute { self.send(part) }
    }
    phase = .streamed(call)
    outbound = call.outbound
    if connection.isStopping { call.cancel() }
    connection.accept(call)
  }

  private func took() {
    window.took()
    if isUpload, window.isClear {
      waiting = 0
      keep(decoder.heldBytes)
    }
    makeRoom()
    connection.scheduleFlush()
  }

  private func send(_ part: CallOutbound.Part) {
    // What comes too late is counted as well, until its stream is gone.
    if case .message = part { connection.watchAnswers() }
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
    do throws(RPCError) {
      try admitAgain(head, call.entry)
    } catch {
      return refuse(error)
    }
    let calls = connection.direct
    let scope = scope
    let isShort = message.count <= Self.shortBytes
    let large = connection.bounds.large
    guard isShort || large.take(message.count) else {
      return refuse(.overloaded(retryAfter: LargeRequests.retryDelay))
    }
    let task: Task<Void, Never>
    if isShort {
      // Begun on the spot, and gone on with on this loop: no other thread is woken for it.
      task = Task.immediate(executorPreference: connection.executor) { [self] in
        answer(await calls.serve(call, head, scope, message))
      }
    } else {
      task = Task { [self] in
        let outcome = await calls.serve(call, head, scope, message)
        // Also of one that was given up, which is in memory until then.
        large.give(message.count)
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
      let message = bytes.framed
      if message.count > Self.shortAnswer {
        answered = message.count
        _ = connection.room.add(answered)
        connection.watchAnswers()
      }
      connection.write(message, to: stream)
      finish(.ok, [:])
    case .failure(let error): refuse(error)
    }
    connection.scheduleFlush()
  }

  // MARK: What goes out

  private func begin(_ metadata: GRPCCore.Metadata) {
    guard !hasHead else { return }
    hasHead = true
    connection.respond(to: stream, ResponseHead.beginning(metadata))
  }

  private func finish(_ status: Status, _ metadata: GRPCCore.Metadata) {
    if hasHead {
      connection.end(stream, ResponseHead.trailers(status, metadata))
    } else {
      hasHead = true
      connection.respond(to: stream, ResponseHead.only(status, metadata), isLast: true)
    }
  }

  private func refuse(_ error: EventLogError) {
    refuse(method?.isUmaDB == true ? RPCError(umaDB: error) : error.rpcError)
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
