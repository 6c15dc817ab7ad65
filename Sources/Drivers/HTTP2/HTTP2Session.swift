internal import CNghttp2

/// Who hears what comes over a connection; called from within `HTTP2Session.receive` and `output`.
///
/// May call the session, but for these two.
package protocol HTTP2Events: AnyObject {
  /// A request began; `isLast`: nothing follows its head.
  func began(_ stream: HTTP2Stream, head: [HTTP2Header], isLast: Bool)
  /// Bytes came in. They count against the stream's window until `HTTP2Session.consumed`.
  func received(_ bytes: UnsafeRawBufferPointer, of stream: HTTP2Stream)
  /// The client sends nothing more.
  func ended(_ stream: HTTP2Stream)
  /// The exchange is over, for either side.
  func closed(_ stream: HTTP2Stream)
  /// So many bytes of the stream have gone out.
  func sent(_ count: Int, of stream: HTTP2Stream)
  /// The client takes so many bytes more, of a stream or of all of them.
  func opened(_ count: Int)
  /// The client asked whether somebody is there, and is answered.
  func pinged()
  /// The client answered `HTTP2Session.ping`.
  func ponged(_ token: UInt64)
}

/// The server's side of one HTTP/2 connection (RFC 9113), without IO: bytes come in and go out.
///
/// - Shape: nghttp2 does the protocol; this keeps the bytes that wait for their windows. Not thread
///   safe: used by one thread at a time.
/// - Errors: `HTTP2Error` from `receive` and `output`: the session is of no use any more, and the
///   connection is to be closed at once. What a client does wrong otherwise is told to it, and then
///   `isOver`.
package final class HTTP2Session {
  /// How many streams a client may cancel in a burst, and how many a second for ever.
  ///
  /// A process that ends cancels all its subscriptions at once; one that opens streams only to
  /// cancel them is an attack (CVE-2023-44487).
  private static let resetBurst: UInt64 = 32_768
  private static let resetsPerSecond: UInt64 = 2_000
  /// Beyond what a client asks of us in frames that only ask (pings, settings) before it reads the
  /// answers, it is dropped.
  private static let unreadAnswers = 1_000
  /// Frames that may wait to be sent, for each stream that a client may have.
  ///
  /// A head, bytes and an end are three. Refusals of more streams wait there, too: a client that does
  /// not read them is dropped.
  private static let framesPerStream = 4

  private static let noFlags = UInt8(NGHTTP2_FLAG_NONE.rawValue)

  private var session: OpaquePointer?
  private let settings: HTTP2Settings
  // The connection, which owns this.
  private unowned let events: any HTTP2Events
  private var streams: [Int32: HTTP2Stream] = [:]

  /// Begins a connection; the first output greets the client.
  package init(_ settings: HTTP2Settings, _ events: any HTTP2Events) throws(HTTP2Error) {
    self.settings = settings
    self.events = events
    var callbacks: OpaquePointer?
    var options: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0, nghttp2_option_new(&options) == 0 else {
      throw HTTP2Error(description: "no memory for a connection")
    }
    defer {
      nghttp2_session_callbacks_del(callbacks)
      nghttp2_option_del(options)
    }
    Self.listen(callbacks)
    nghttp2_option_set_no_auto_window_update(options, 1)
    nghttp2_option_set_no_closed_streams(options, 1)
    nghttp2_option_set_max_outbound_ack(options, Self.unreadAnswers)
    nghttp2_option_set_stream_reset_rate_limit(options, Self.resetBurst, Self.resetsPerSecond)
    let me = Unmanaged.passUnretained(self).toOpaque()
    try check(nghttp2_session_server_new2(&session, callbacks, me, options), "a session")
    let entries = [
      Self.entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings.streams),
      Self.entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(settings.streamWindow)),
      Self.entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings.headerBytes),
      Self.entry(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
    ]
    try check(nghttp2_submit_settings(session, Self.noFlags, entries, entries.count), "settings")
    try check(
      nghttp2_session_set_local_window_size(session, Self.noFlags, 0, settings.connectionWindow),
      "a window"
    )
  }

  deinit { nghttp2_session_del(session) }

  // MARK: Bytes

  /// Takes bytes that came in.
  package func receive(_ bytes: UnsafeRawBufferPointer) throws(HTTP2Error) {
    let taken = nghttp2_session_mem_recv(
      session,
      bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
      bytes.count
    )
    try check(Int32(clamping: min(taken, 0)), "what the client sent")
    let bound = Self.unreadAnswers + Self.framesPerStream * Int(settings.streams)
    guard nghttp2_session_get_outbound_queue_size(session) <= bound else {
      throw HTTP2Error(description: "the client reads none of more than \(bound) frames")
    }
  }

  /// Lends the next bytes to be sent; false if there are none for now.
  package func output(_ body: (UnsafeRawBufferPointer) -> Void) throws(HTTP2Error) -> Bool {
    var data: UnsafePointer<UInt8>?
    let count = nghttp2_session_mem_send(session, &data)
    try check(Int32(clamping: min(count, 0)), "what is to be sent")
    guard count > 0 else { return false }
    body(UnsafeRawBufferPointer(start: data, count: count))
    return true
  }

  /// Whether nothing more comes or goes: the connection can be closed.
  package var isOver: Bool {
    nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
  }

  /// Streams that are open.
  package var openStreams: Int { streams.count }

  // MARK: Streams

  /// Begins the answer, or gives it whole if it is but a head.
  package func respond(to stream: HTTP2Stream, _ head: [HTTP2Header], isLast: Bool) {
    guard streams[stream.id] != nil else { return }
    HeaderBlock.lend(head) { fields in
      if isLast {
        nghttp2_submit_response(session, stream.id, fields.baseAddress, fields.count, nil)
      } else {
        var source = nghttp2_data_provider()
        source.read_callback = Self.read
        nghttp2_submit_response(session, stream.id, fields.baseAddress, fields.count, &source)
      }
    }
  }

  /// Adds bytes to an answer that has begun; they wait for the client's window.
  package func write(_ bytes: [UInt8], to stream: HTTP2Stream) {
    guard streams[stream.id] != nil else { return }
    stream.add(bytes)
    resume(stream)
  }

  /// Ends an answer once its bytes are sent.
  package func end(_ stream: HTTP2Stream, trailers: [HTTP2Header]) {
    guard streams[stream.id] != nil, stream.trailers == nil else { return }
    stream.trailers = trailers
    resume(stream)
  }

  /// Gives a stream up.
  package func reset(_ stream: HTTP2Stream, code: UInt32) {
    guard streams[stream.id] != nil else { return }
    stream.clear()
    nghttp2_submit_rst_stream(session, Self.noFlags, stream.id, code)
  }

  /// Makes room in a stream's window for bytes that were received and taken.
  package func consumed(_ count: Int, of stream: HTTP2Stream) {
    guard count > 0, streams[stream.id] != nil else { return }
    nghttp2_session_consume_stream(session, stream.id, count)
  }

  /// Whether the client has to open the stream's window before anything more of it can go out.
  package func isBlocked(_ stream: HTTP2Stream) -> Bool {
    streams[stream.id] != nil
      && nghttp2_session_get_stream_remote_window_size(session, stream.id) == 0
  }

  /// Whether the client has to open the connection's window before more of any stream can go out.
  package var isConnectionBlocked: Bool { nghttp2_session_get_remote_window_size(session) <= 0 }

  // MARK: The connection

  /// Asks whether the client is there.
  package func ping(_ token: UInt64) {
    var data = token.bigEndian
    withUnsafeBytes(of: &data) { bytes in
      _ = nghttp2_submit_ping(
        session,
        Self.noFlags,
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      )
    }
  }

  /// Says that the connection will end; streams that are on their way are still taken.
  package func announceEnd() { nghttp2_submit_shutdown_notice(session) }

  /// Takes no more streams; those that run go on.
  package func refuseStreams(code: UInt32 = HTTP2Code.noError, _ reason: StaticString = "") {
    nghttp2_submit_goaway(
      session,
      Self.noFlags,
      nghttp2_session_get_last_proc_stream_id(session),
      code,
      reason.utf8Start,
      reason.utf8CodeUnitCount
    )
  }

  /// Ends the connection and all its streams, as far as the client is told.
  package func terminate(code: UInt32) { nghttp2_session_terminate_session(session, code) }

  // MARK: Inside

  private static func entry(_ id: nghttp2_settings_id, _ value: UInt32) -> nghttp2_settings_entry {
    nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: value)
  }

  private func check(_ result: Int32, _ what: String) throws(HTTP2Error) {
    guard result < 0 else { return }
    throw HTTP2Error(description: "\(what): \(String(cString: nghttp2_strerror(result)))")
  }

  private func resume(_ stream: HTTP2Stream) {
    guard stream.isIdle else { return }
    stream.isIdle = false
    nghttp2_session_resume_data(session, stream.id)
  }
}

// What nghttp2 calls back.
extension HTTP2Session {
  private static func me(_ pointer: UnsafeMutableRawPointer?) -> HTTP2Session? {
    pointer.map { Unmanaged<HTTP2Session>.fromOpaque($0).takeUnretainedValue() }
  }

  private static func listen(_ callbacks: OpaquePointer?) {
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, me in
      if let frame { HTTP2Session.me(me)?.beginHeaders(frame) }
      return 0
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      _,
      frame,
      name,
      nameCount,
      value,
      valueCount,
      _,
      me in
      if let frame {
        HTTP2Session.me(me)?.header(
          of: frame.pointee.hd.stream_id,
          UnsafeBufferPointer(start: name, count: nameCount),
          UnsafeBufferPointer(start: value, count: valueCount)
        )
      }
      return 0
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, me in
      if let frame { HTTP2Session.me(me)?.received(frame) }
      return 0
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
      _,
      _,
      id,
      data,
      count,
      me in
      HTTP2Session.me(me)?.received(UnsafeRawBufferPointer(start: data, count: count), of: id)
      return 0
    }
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, me in
      if let frame { HTTP2Session.me(me)?.sent(frame.pointee.hd) }
      return 0
    }
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) { _, frame, _, me in
      if let frame { HTTP2Session.me(me)?.unsent(frame.pointee.hd) }
      return 0
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, _, me in
      HTTP2Session.me(me)?.close(id)
      return 0
    }
  }

  // Frames are unions: they are looked at where they lie and never copied, since a copy in an
  // optimised build does not hold the bytes of every member.

  private func beginHeaders(_ frame: UnsafePointer<nghttp2_frame>) {
    let head = frame.pointee.hd
    guard head.type == NGHTTP2_HEADERS.rawValue,
      frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
    else { return }
    streams[head.stream_id] = HTTP2Stream(id: head.stream_id)
  }

  private func header(
    of id: Int32,
    _ name: UnsafeBufferPointer<UInt8>,
    _ value: UnsafeBufferPointer<UInt8>
  ) {
    guard let stream = streams[id], !stream.isRefused else { return }
    // Trailers of a request count as well; gRPC has none.
    stream.headBytes += name.count + value.count + 32
    guard stream.headBytes <= settings.headerBytes else {
      stream.isRefused = true
      stream.head = []
      return reset(stream, code: HTTP2Code.enhanceYourCalm)
    }
    stream.head.append(
      HTTP2Header(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
    )
  }

  private func received(_ frame: UnsafePointer<nghttp2_frame>) {
    let head = frame.pointee.hd
    let isLast = head.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    switch UInt32(head.type) {
    case NGHTTP2_HEADERS.rawValue:
      guard let stream = streams[head.stream_id], !stream.isRefused else { return }
      if frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST {
        let head = stream.head
        stream.head = []
        events.began(stream, head: head, isLast: isLast)
      } else if isLast {
        stream.head = []
        events.ended(stream)
      }
    case NGHTTP2_DATA.rawValue:
      guard isLast, let stream = streams[head.stream_id], !stream.isRefused else { return }
      events.ended(stream)
    case NGHTTP2_PING.rawValue:
      guard head.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 else {
        events.pinged()
        return
      }
      events.ponged(UInt64(bigEndian: weave_nghttp2_ping_token(frame)))
    case NGHTTP2_WINDOW_UPDATE.rawValue:
      let update = UnsafeRawPointer(frame).load(as: nghttp2_window_update.self)
      events.opened(Int(update.window_size_increment))
    default: break
    }
  }

  private func received(_ bytes: UnsafeRawBufferPointer, of id: Int32) {
    // Streams bound what waits in them; one that is not read does not stop the others.
    nghttp2_session_consume_connection(session, bytes.count)
    guard let stream = streams[id], !stream.isRefused else { return }
    events.received(bytes, of: stream)
  }

  private func sent(_ head: nghttp2_frame_hd) {
    guard head.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0,
      head.type == NGHTTP2_HEADERS.rawValue || head.type == NGHTTP2_DATA.rawValue,
      nghttp2_session_get_stream_remote_close(session, head.stream_id) == 0
    else { return }
    // Answered before the request ended: the client need not send the rest (RFC 9113, 8.1).
    nghttp2_submit_rst_stream(
      session,
      Self.noFlags,
      head.stream_id,
      HTTP2Code.noError
    )
  }

  /// A head that cannot be sent is an answer that never comes: who waits for it is told.
  private func unsent(_ head: nghttp2_frame_hd) {
    guard head.type == NGHTTP2_HEADERS.rawValue, let stream = streams[head.stream_id] else {
      return
    }
    reset(stream, code: HTTP2Code.internalError)
  }

  private func close(_ id: Int32) {
    guard let stream = streams.removeValue(forKey: id) else { return }
    stream.clear()
    events.closed(stream)
  }

  private static let read: nghttp2_data_source_read_callback = {
    _,
    id,
    buffer,
    room,
    flags,
    _,
    me in
    guard let buffer, let flags,
      let count = HTTP2Session.me(me)?.fill(
        UnsafeMutableRawBufferPointer(start: buffer, count: room),
        of: id,
        &flags.pointee
      )
    else { return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
    return count
  }

  private func fill(
    _ buffer: UnsafeMutableRawBufferPointer,
    of id: Int32,
    _ flags: inout UInt32
  ) -> Int? {
    guard let stream = streams[id] else { return nil }
    let count = stream.take(into: buffer)
    if stream.isEmpty, let trailers = stream.trailers {
      flags |= NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
      HeaderBlock.lend(trailers) { fields in
        _ = nghttp2_submit_trailer(session, id, fields.baseAddress, fields.count)
      }
    } else if count == 0 {
      stream.isIdle = true
      return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    if count > 0 { events.sent(count, of: stream) }
    return count
  }
}
