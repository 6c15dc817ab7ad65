internal import CRawNghttp2
internal import Glibc
internal import Measuring

/// One HTTP/2 connection in plain text, driven by a `Loop`: calls go out, answers come back.
///
/// Everything happens on the loop's thread; nothing blocks but the connect.
final class Connection {
  let descriptor: Int32
  let index: Int
  private var session: OpaquePointer?
  private let headers: CallHeaders
  /// Bytes that the socket did not take.
  private var unsent: [UInt8] = []
  private(set) var wantsToWrite = false
  /// Calls under way, by stream.
  private var calls: [Int32: Call] = [:]

  /// The windows that the official client of UmaDB asks for.
  private static let streamWindow: UInt32 = 4 << 20
  private static let connectionWindow: Int32 = 8 << 20
  private static let readBytes = 256 << 10
  nonisolated(unsafe) private static let buffer = UnsafeMutableRawPointer.allocate(
    byteCount: readBytes,
    alignment: 16
  )

  init(port: UInt16, index: Int) throws(Trouble) {
    self.index = index
    headers = CallHeaders(authority: "127.0.0.1:\(port)")
    descriptor = try Self.connect(port)
    nghttp2_session_client_new(
      &session,
      Self.callbacks,
      Unmanaged.passUnretained(self).toOpaque()
    )
    var entries = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
        value: Self.streamWindow
      ),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue),
        value: 0
      ),
    ]
    nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), &entries, entries.count)
    nghttp2_session_set_local_window_size(
      session,
      UInt8(NGHTTP2_FLAG_NONE.rawValue),
      0,
      Self.connectionWindow
    )
  }

  deinit {
    nghttp2_session_del(session)
    close(descriptor)
  }

  /// Begins a call; `flush` puts it on the line.
  func begin(_ call: Call) throws(Trouble) {
    var provider = nghttp2_data_provider()
    provider.source.ptr = Unmanaged.passUnretained(call).toOpaque()
    provider.read_callback = { _, _, buffer, length, flags, source, _ in
      guard let buffer, let flags, let pointer = source?.pointee.ptr else { return 0 }
      let call = Unmanaged<Call>.fromOpaque(pointer).takeUnretainedValue()
      let count = call.take(into: UnsafeMutableRawPointer(buffer), atMost: length)
      if call.isSent { flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
      return count
    }
    let stream = headers.with(call.method) { fields, count in
      nghttp2_submit_request(session, nil, fields, count, &provider, nil)
    }
    guard stream > 0 else { throw Trouble("a request could not be made (\(stream))") }
    calls[stream] = call
  }

  /// Writes what is due, as far as the socket takes it.
  func flush() throws(Trouble) {
    while true {
      var pointer: UnsafePointer<UInt8>?
      let count = nghttp2_session_mem_send(session, &pointer)
      guard count >= 0 else { throw Trouble("HTTP/2 broke off (\(count))") }
      guard count > 0, let pointer else { break }
      unsent.append(contentsOf: UnsafeBufferPointer(start: pointer, count: count))
      if unsent.count >= Self.readBytes, try !write() { return }
    }
    _ = try write()
  }

  /// Whether everything was taken.
  private func write() throws(Trouble) -> Bool {
    guard !unsent.isEmpty else { return true }
    let count = unsent.withUnsafeBytes {
      send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    if count == unsent.count {
      unsent.removeAll(keepingCapacity: true)
    } else if count >= 0 {
      unsent.removeFirst(count)
    } else if errno != EAGAIN {
      throw Trouble("sending failed", errno)
    }
    wantsToWrite = !unsent.isEmpty
    return unsent.isEmpty
  }

  /// Takes what has come, and answers what the protocol wants answered.
  func receive() throws(Trouble) {
    while true {
      let count = recv(descriptor, Self.buffer, Self.readBytes, 0)
      if count < 0 {
        guard errno == EAGAIN || errno == EINTR else { throw Trouble("receiving failed", errno) }
        break
      }
      guard count > 0 else { throw Trouble("the server hung up") }
      let taken = nghttp2_session_mem_recv(
        session,
        Self.buffer.assumingMemoryBound(to: UInt8.self),
        count
      )
      guard taken == count else { throw Trouble("HTTP/2 broke off (\(taken))") }
      if count < Self.readBytes { break }
    }
    try flush()
  }

  private static func connect(_ port: UInt16) throws(Trouble) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Trouble("no socket", errno) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else {
      let code = errno
      close(descriptor)
      throw Trouble("nobody listens at port \(port)", code)
    }
    var on: Int32 = 1
    setsockopt(
      descriptor,
      Int32(IPPROTO_TCP),
      TCP_NODELAY,
      &on,
      socklen_t(MemoryLayout<Int32>.size)
    )
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    return descriptor
  }

  /// The library calls these with the connection as context; they find the call and hand over.
  nonisolated(unsafe) private static let callbacks: OpaquePointer? = {
    var callbacks: OpaquePointer?
    nghttp2_session_callbacks_new(&callbacks)
    nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      _,
      frame,
      name,
      nameLength,
      value,
      valueLength,
      _,
      context in
      guard let frame, let name, let value, let connection = Connection.from(context) else {
        return 0
      }
      connection.calls[frame.pointee.hd.stream_id]?.header(
        UnsafeBufferPointer(start: name, count: nameLength),
        UnsafeBufferPointer(start: value, count: valueLength)
      )
      return 0
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
      _,
      _,
      stream,
      bytes,
      count,
      context in
      guard let bytes, let connection = Connection.from(context) else { return 0 }
      connection.calls[stream]?.receive(UnsafeRawBufferPointer(start: bytes, count: count))
      return 0
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, context in
      guard let connection = Connection.from(context) else { return 0 }
      connection.calls.removeValue(forKey: stream)?.end(code)
      return 0
    }
    return callbacks
  }()

  private static func from(_ context: UnsafeMutableRawPointer?) -> Connection? {
    context.map { Unmanaged<Connection>.fromOpaque($0).takeUnretainedValue() }
  }
}
