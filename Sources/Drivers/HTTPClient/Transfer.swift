internal import CCurl
internal import Glibc

/// One exchange: a prepared easy handle and what came back so far.
///
/// `@unchecked Sendable`: made by a task, then touched by the client's thread alone, to which it
/// passes through a mutex.
final class Transfer: @unchecked Sendable {
  enum Sink {
    case whole(CheckedContinuation<Result<HTTPResponse, HTTPClientError>, Never>)
    case stream(Delivery)
  }

  let id: UInt64
  let request: HTTPRequest
  private let sink: Sink
  private(set) var handle: UnsafeMutableRawPointer?
  private var headerList: UnsafeMutablePointer<curl_slist>?
  // The library writes here until the handle is reset, so it outlives the handle's use.
  private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: weave_curl_error_bytes)
  private var head: HTTPHead?
  private var headers: [HTTPRequest.Header] = []
  private var headerBytes = 0
  private var status = 0
  private var body: [UInt8] = []
  private var failure: HTTPClientError?

  init(id: UInt64, request: HTTPRequest, sink: Sink) {
    self.id = id
    self.request = request
    self.sink = sink
    errorText.initialize(repeating: 0, count: weave_curl_error_bytes)
  }

  deinit {
    curl_slist_free_all(headerList)
    errorText.deallocate()
  }

  /// Sets the handle up; answers what the library refused.
  func prepare(_ handle: UnsafeMutableRawPointer) -> HTTPClientError? {
    self.handle = handle
    if let complaint = request.complaint { return HTTPClientError(.malformedRequest, complaint) }
    var list: UnsafeMutablePointer<curl_slist>?
    // An empty `Expect` keeps the library from waiting for "100 Continue" before large bodies.
    for line in ["Expect:"]
      + request.headers.map({ $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" })
    {
      guard let longer = curl_slist_append(list, line) else {
        curl_slist_free_all(list)
        return HTTPClientError(.other, "preparing headers found no memory")
      }
      list = longer
    }
    headerList = list
    let context = Unmanaged.passUnretained(self).toOpaque()
    var results = [
      weave_curl_setopt_pointer(handle, CURLOPT_URL, request.url),
      weave_curl_setopt_pointer(handle, CURLOPT_PROTOCOLS_STR, "http,https"),
      weave_curl_setopt_long(handle, CURLOPT_NOSIGNAL, 1),
      weave_curl_setopt_long(handle, CURLOPT_TCP_NODELAY, 1),
      weave_curl_setopt_long(
        handle,
        CURLOPT_CONNECTTIMEOUT_MS,
        Self.milliseconds(request.connectTimeout)
      ),
      weave_curl_setopt_long(
        handle,
        CURLOPT_TIMEOUT_MS,
        request.totalTimeout.map(Self.milliseconds) ?? 0
      ),
      weave_curl_setopt_pointer(handle, CURLOPT_HTTPHEADER, headerList),
      weave_curl_setopt_pointer(handle, CURLOPT_ERRORBUFFER, errorText),
      weave_curl_setopt_callback(handle, CURLOPT_HEADERFUNCTION, receiveHeader),
      weave_curl_setopt_pointer(handle, CURLOPT_HEADERDATA, context),
      weave_curl_setopt_callback(handle, CURLOPT_WRITEFUNCTION, receiveBody),
      weave_curl_setopt_pointer(handle, CURLOPT_WRITEDATA, context),
    ]
    if request.isLoopback { results.append(weave_curl_setopt_pointer(handle, CURLOPT_PROXY, "")) }
    results += prepareMethod(handle)
    let refusal = results.first { $0 != CURLE_OK }
    return refusal.map { self.error($0) }
  }

  private func prepareMethod(_ handle: UnsafeMutableRawPointer) -> [CURLcode] {
    if let body = request.body {
      // The copying option reads the size first, so that zero bytes in the body survive.
      return [
        weave_curl_setopt_large(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)),
        body.isEmpty
          ? weave_curl_setopt_pointer(handle, CURLOPT_COPYPOSTFIELDS, "")
          : body.withUnsafeBytes {
            weave_curl_setopt_pointer(handle, CURLOPT_COPYPOSTFIELDS, $0.baseAddress)
          },
        weave_curl_setopt_pointer(handle, CURLOPT_CUSTOMREQUEST, request.method),
      ]
    }
    switch request.method {
    case "GET": return [weave_curl_setopt_long(handle, CURLOPT_HTTPGET, 1)]
    case "HEAD": return [weave_curl_setopt_long(handle, CURLOPT_NOBODY, 1)]
    default: return [weave_curl_setopt_pointer(handle, CURLOPT_CUSTOMREQUEST, request.method)]
    }
  }

  /// Hands the outcome to whoever waits.
  func finish(_ outcome: Result<Void, HTTPClientError>) {
    let outcome = failure.map { .failure($0) } ?? outcome
    switch sink {
    case .stream(let delivery):
      delivery.finish(outcome)
    case .whole(let continuation):
      continuation.resume(
        returning: outcome.flatMap {
          guard let head else {
            return .failure(HTTPClientError(.connectionLost, "\(attempt) got no headers"))
          }
          return .success(HTTPResponse(head: head, body: body))
        }
      )
    }
  }

  /// The method and address, without the query, which may hold what is nobody's business.
  var attempt: String { "\(request.method) \(request.url.prefix { $0 != "?" })" }

  func error(_ code: CURLcode) -> HTTPClientError {
    let text = String(cString: errorText)
    let reason = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
    let kind: HTTPClientError.Code =
      switch code {
      case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .malformedRequest
      case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_PROXY:
        .connectionFailed
      case CURLE_OPERATION_TIMEDOUT: .timedOut
      case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR: .untrusted
      case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE,
        CURLE_HTTP2, CURLE_HTTP2_STREAM:
        .connectionLost
      default: .other
      }
    return HTTPClientError(kind, "\(attempt): \(reason)")
  }

  // MARK: Called by the library, on the client's thread

  fileprivate func receive(header line: UnsafeBufferPointer<UInt8>) -> Int {
    guard head == nil else { return line.count }  // trailers are not shown
    headerBytes += line.count
    guard headerBytes <= HTTPClientLimits.headerBytes else {
      failure = HTTPClientError(
        .bodyTooLarge,
        "\(attempt): more than \(HTTPClientLimits.headerBytes) bytes of headers"
      )
      return 0
    }
    var text = Substring(String(decoding: line, as: UTF8.self))
    while let last = text.unicodeScalars.last, last == "\r" || last == "\n" {
      text.unicodeScalars.removeLast()
    }
    if text.hasPrefix("HTTP/"), !text.contains(":") {
      headers = []
      status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    } else if let colon = text.firstIndex(of: ":") {
      let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      headers.append((String(text[..<colon]), String(value)))
    } else if text.isEmpty, status >= 200 {
      let head = HTTPHead(status: status, headers: headers)
      self.head = head
      if case .stream(let delivery) = sink { delivery.receive(head) }
    }
    return line.count
  }

  fileprivate func receive(body bytes: UnsafeBufferPointer<UInt8>) -> Int {
    switch sink {
    case .stream(let delivery):
      return delivery.receive(bytes) ? bytes.count : weave_curl_pause_writing
    case .whole:
      guard body.count + bytes.count <= request.maximumBody else {
        failure = HTTPClientError(
          .bodyTooLarge,
          "\(attempt): the answer is larger than \(request.maximumBody) bytes"
        )
        return 0
      }
      body.append(contentsOf: bytes)
      return bytes.count
    }
  }

  /// At least one: zero would mean "no limit" to the library.
  private static func milliseconds(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    return Int(max(1, min(Int64(Int32.max), seconds * 1000 + attoseconds / 1_000_000_000_000_000)))
  }
}

private func lend<R>(
  _ data: UnsafeMutablePointer<CChar>?,
  _ count: Int,
  _ body: (UnsafeBufferPointer<UInt8>) -> R
) -> R {
  guard let data, count > 0 else { return body(UnsafeBufferPointer(start: nil, count: 0)) }
  return data.withMemoryRebound(to: UInt8.self, capacity: count) {
    body(UnsafeBufferPointer(start: $0, count: count))
  }
}

private func receiveHeader(
  _ data: UnsafeMutablePointer<CChar>?,
  _ size: Int,
  _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let context else { return 0 }
  let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
  return lend(data, size * count) { transfer.receive(header: $0) }
}

private func receiveBody(
  _ data: UnsafeMutablePointer<CChar>?,
  _ size: Int,
  _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let context else { return 0 }
  let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
  return lend(data, size * count) { transfer.receive(body: $0) }
}
