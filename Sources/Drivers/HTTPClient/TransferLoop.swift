internal import CCurl
internal import Glibc
internal import Synchronization
internal import WeaveRuntime

/// The thread of a client: one multi handle that serves every exchange.
///
/// Other threads post jobs and wake it; everything else of the library happens here.
final class TransferLoop: Sendable {
  enum Job: Sendable {
    case start(Transfer)
    case cancel(UInt64)
    case resume(UInt64)
  }

  private struct Inbox {
    var jobs: [Job] = []
    var isClosed = false
  }

  /// `@unchecked Sendable`: other threads only call `curl_multi_wakeup`, which the library allows,
  /// and only under the inbox's lock before the loop has ended.
  private struct Multi: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer
  }

  private static let libraryStarted = weave_curl_global_init()
  /// The poll ends by itself this often, should a wake ever be lost.
  private static let longestPollMilliseconds: Int32 = 10_000

  private let multi: Multi
  private let inbox = Mutex(Inbox())

  init(name: String) throws(HTTPClientError) {
    guard Self.libraryStarted == CURLE_OK, let handle = curl_multi_init() else {
      throw HTTPClientError(.other, "starting libcurl found no memory")
    }
    weave_curl_multi_setopt_long(
      handle,
      CURLMOPT_MAX_TOTAL_CONNECTIONS,
      HTTPClientLimits.connections
    )
    weave_curl_multi_setopt_long(handle, CURLMOPT_MAXCONNECTS, HTTPClientLimits.idleConnections)
    multi = Multi(handle: handle)
    Thread.start(name: name) { self.run() }
  }

  /// Queues a job.
  ///
  /// After `close`, transfers are answered `.closed` and the rest means nothing.
  func post(_ job: Job) {
    let isClosed = inbox.withLock { inbox in
      guard !inbox.isClosed else { return true }
      inbox.jobs.append(job)
      curl_multi_wakeup(multi.handle)
      return false
    }
    if isClosed, case .start(let transfer) = job { transfer.finish(.failure(Self.closed)) }
  }

  func close() {
    inbox.withLock { inbox in
      guard !inbox.isClosed else { return }
      inbox.isClosed = true
      curl_multi_wakeup(multi.handle)
    }
  }

  private static let closed = HTTPClientError(.closed, "the HTTP client was shut down")

  private func run() {
    var transfers = Transfers(multi: multi.handle)
    while true {
      let (jobs, isClosed) = inbox.withLock { inbox in
        defer { inbox.jobs = [] }
        return (inbox.jobs, inbox.isClosed)
      }
      for job in jobs {
        switch job {
        case .start(let transfer): transfers.start(transfer)
        case .cancel(let id): transfers.cancel(id)
        case .resume(let id): transfers.resume(id)
        }
      }
      if isClosed { break }
      transfers.perform()
      curl_multi_poll(multi.handle, nil, 0, Self.longestPollMilliseconds, nil)
    }
    transfers.end(Self.closed)
    curl_multi_cleanup(multi.handle)
  }
}

/// The exchanges that run; a value of the loop's thread.
private struct Transfers {
  private let multi: UnsafeMutableRawPointer
  private var running: [UnsafeMutableRawPointer: Transfer] = [:]
  private var handles: [UInt64: UnsafeMutableRawPointer] = [:]
  private var idle: [UnsafeMutableRawPointer] = []

  init(multi: UnsafeMutableRawPointer) { self.multi = multi }

  mutating func start(_ transfer: Transfer) {
    guard let handle = idle.popLast() ?? curl_easy_init() else {
      return transfer.finish(.failure(HTTPClientError(.other, "making a request found no memory")))
    }
    if let refusal = transfer.prepare(handle) {
      recycle(handle)
      return transfer.finish(.failure(refusal))
    }
    running[handle] = transfer
    handles[transfer.id] = handle
    guard curl_multi_add_handle(multi, handle) == CURLM_OK else {
      return finish(handle, .failure(HTTPClientError(.other, "libcurl refused a request")))
    }
  }

  mutating func cancel(_ id: UInt64) {
    guard let handle = handles[id], let transfer = running[handle] else { return }
    finish(
      handle,
      .failure(HTTPClientError(.cancelled, "\(transfer.attempt) was cancelled"))
    )
  }

  func resume(_ id: UInt64) {
    // 0 is CURLPAUSE_CONT; what was held back is offered again from within this call.
    if let handle = handles[id] { curl_easy_pause(handle, 0) }
  }

  mutating func perform() {
    var count: Int32 = 0
    curl_multi_perform(multi, &count)
    while let message = curl_multi_info_read(multi, &count) {
      guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
        let transfer = running[handle]
      else { continue }
      let code = weave_curl_message_result(message)
      finish(handle, code == CURLE_OK ? .success(()) : .failure(transfer.error(code)))
    }
  }

  mutating func end(_ error: HTTPClientError) {
    for handle in Array(running.keys) { finish(handle, .failure(error)) }
    for handle in idle { curl_easy_cleanup(handle) }
    idle = []
  }

  private mutating func finish(
    _ handle: UnsafeMutableRawPointer,
    _ outcome: Result<Void, HTTPClientError>
  ) {
    guard let transfer = running.removeValue(forKey: handle) else { return }
    handles[transfer.id] = nil
    curl_multi_remove_handle(multi, handle)
    recycle(handle)
    transfer.finish(outcome)
  }

  private mutating func recycle(_ handle: UnsafeMutableRawPointer) {
    guard idle.count < HTTPClientLimits.idleHandles else { return curl_easy_cleanup(handle) }
    curl_easy_reset(handle)
    idle.append(handle)
  }
}
