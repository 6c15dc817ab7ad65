internal import Synchronization

/// An HTTP/1.1 and HTTP/2 client over libcurl.
///
/// One thread serves all exchanges of a client through one multi handle; connections are kept and
/// used again. Redirects are answers like any other and are not followed.
/// - Errors: `HTTPClientError`; statuses are not errors. Cancelling the task ends the exchange.
/// - Source: libcurl 7.88, multi interface.
public final class HTTPClient: Sendable {
  private let loop: TransferLoop
  private let nextID = Atomic<UInt64>(1)

  /// Starts the client's thread.
  ///
  /// - Parameter name: shown by `top -H`; the kernel keeps 15 bytes.
  /// - Throws: `.other` if the library cannot be started.
  public init(name: String = "ww-http-client") throws(HTTPClientError) {
    loop = try TransferLoop(name: name)
  }

  deinit { loop.close() }

  /// Ends what runs with `.closed` and lets the thread go; later requests fail at once.
  public func shutdown() { loop.close() }

  /// Sends a request and takes the whole answer.
  ///
  /// - Shape: the body, at most `maximumBody` bytes.
  public func send(_ request: HTTPRequest) async throws(HTTPClientError) -> HTTPResponse {
    let id = nextID.add(1, ordering: .relaxed).oldValue
    return try await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        submit(Transfer(id: id, request: request, sink: .whole(continuation)))
      }
    } onCancel: {
      loop.post(.cancel(id))
    }.get()
  }

  /// Sends a request and hands the answer's body out as it comes.
  ///
  /// - Shape: returns when status and headers are there. While the reader lags, the socket is not
  ///   read (`HTTPClientLimits.unreadBytes`), so the server feels the backpressure.
  public func stream(_ request: HTTPRequest) async throws(HTTPClientError) -> HTTPStream {
    let id = nextID.add(1, ordering: .relaxed).oldValue
    let delivery = Delivery(id: id, loop: loop)
    let result: Result<HTTPHead, HTTPClientError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        delivery.awaitHead(continuation)
        submit(Transfer(id: id, request: request, sink: .stream(delivery)))
      }
    } onCancel: {
      loop.post(.cancel(id))
    }
    return HTTPStream(head: try result.get(), delivery: delivery)
  }

  /// Queues a transfer.
  ///
  /// A cancellation that came before it was queued was for nobody: repeat it.
  private func submit(_ transfer: Transfer) {
    let id = transfer.id
    loop.post(.start(transfer))
    if Task.isCancelled { loop.post(.cancel(id)) }
  }
}
