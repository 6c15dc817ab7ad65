internal import EventLogCore
internal import GRPCCore
internal import GRPCNIOTransportHTTP2
internal import Logging
internal import Schemas
internal import Synchronization
internal import WeaveRuntime

/// The connection to a service: calls over it are sent again until they are answered.
///
/// It makes connections anew by itself; calls wait for it for as long as the patience lasts.
final class Line: Sendable {
  /// Between tries: short, since a service that restarts is back within seconds.
  private static let backoff = Backoff(base: .milliseconds(20), cap: .seconds(1))

  let client: GRPCClient<RemoteEventLog.Transport>
  let options: CallOptions
  let logger: Logger
  private let settings: RemoteSettings
  private let metadata: Mutex<GRPCCore.Metadata>
  private let connecting: Task<Void, Never>

  init(_ settings: RemoteSettings, logger: Logger) throws(EventLogError) {
    self.settings = settings
    self.logger = logger
    var options = CallOptions.defaults
    options.maxRequestMessageBytes = EventCalls.requestBytes
    options.maxResponseMessageBytes = EventCalls.answerBytes
    self.options = options
    var metadata: GRPCCore.Metadata = [:]
    if let token = settings.token { metadata.addString("Bearer \(token)", forKey: "authorization") }
    self.metadata = Mutex(metadata)
    do {
      let client = GRPCClient(transport: try Self.transport(settings))
      self.client = client
      connecting = Task {
        do {
          try await client.runConnections()
        } catch {
          logger.error("The line to the event service ended", metadata: ["error": "\(error)"])
        }
      }
    } catch {
      throw .invalid("the event service cannot be reached with these settings: \(error)")
    }
  }

  /// Says with every call from now on which log is meant.
  func pin(to identity: LogIdentity) {
    metadata.withLock { $0.replaceOrAddString(identity.text, forKey: EventCalls.pinKey) }
  }

  /// What goes beside every call.
  var callMetadata: GRPCCore.Metadata { metadata.withLock { $0 } }

  /// From so many bytes on a call says that it may take long; naming a time costs a timer at both
  /// ends, and the few seconds that the service gives by itself are enough for less.
  private static let largeBytes = 1 << 20
  /// What such a call may take: the most that the service allows.
  private static let largeTimeout = Duration.seconds(60)

  /// What a call may take whose end nobody else sees to, since its connection may be given up at any
  /// time: what the service gives by itself.
  private static let usualTimeout = Duration.seconds(5)

  /// The options of a change that is passed on to a leader.
  func forwarding(_ bytes: Int) -> CallOptions {
    var options = options(sending: bytes)
    options.timeout = options.timeout ?? Self.usualTimeout
    return options
  }

  /// The options of a call that sends so many bytes.
  func options(sending bytes: Int) -> CallOptions {
    guard bytes >= Self.largeBytes else { return options }
    var options = options
    options.timeout = Self.largeTimeout
    return options
  }

  /// Asks something that changes nothing.
  func asking<R: Sendable>(
    _ call: @Sendable (GRPCCore.Metadata) async throws -> R
  ) async throws(EventLogError) -> R {
    do throws(LineFailure) {
      return try await trying(call) { .unavailable($0) }
    } catch {
      // What was lost of a question changed nothing.
      throw error.last
    }
  }

  /// Asks for a change; one that may be asked for twice is sent again when its answer is lost.
  ///
  /// Once an answer was lost, only what the log decided says that nothing was written.
  func writing<R: Sendable>(
    isRepeatable: Bool,
    _ call: @Sendable (GRPCCore.Metadata) async throws -> R
  ) async throws(EventLogError) -> R {
    do throws(LineFailure) {
      return try await tryingToWrite(isRepeatable: isRepeatable, call)
    } catch {
      throw error.outcome
    }
  }

  /// As `writing`, for callers that go on elsewhere: the last try says where, the lost one what
  /// may have been written.
  func tryingToWrite<R: Sendable>(
    isRepeatable: Bool,
    _ call: @Sendable (GRPCCore.Metadata) async throws -> R
  ) async throws(LineFailure) -> R {
    try await trying(isRepeatable: isRepeatable, call) { .outcomeUnknown($0) }
  }

  private func trying<R: Sendable>(
    isRepeatable: Bool = true,
    _ call: @Sendable (GRPCCore.Metadata) async throws -> R,
    givingUp: (String) -> EventLogError
  ) async throws(LineFailure) -> R {
    let end = ContinuousClock.now + settings.patience
    var lost: EventLogError?
    var attempt = 0
    while true {
      let error: RPCError
      do {
        return try await call(callMetadata)
      } catch let found as RPCError {
        error = found
      } catch {
        // Whatever it is, the other end may have taken the request up.
        let last = Task.isCancelled ? interrupted(givingUp) : givingUp("\(error)")
        throw LineFailure(last: last, lost: lost)
      }
      let verdict = CallVerdict(error)
      if Task.isCancelled, verdict != .answered {
        throw LineFailure(last: interrupted(givingUp), lost: lost)
      }
      let text = text(error)
      switch verdict {
      case .answered:
        throw LineFailure(last: EventLogError(error) ?? .unavailable(text), lost: lost)
      case .notSent where ContinuousClock.now < end: break
      case .lost where isRepeatable && ContinuousClock.now < end: lost = lost ?? givingUp(text)
      case .notSent: throw LineFailure(last: .unavailable(text), lost: lost)
      case .lost: throw LineFailure(last: givingUp(text), lost: lost)
      }
      logger.debug(
        "A call to the event service is sent again",
        metadata: ["cause": "\(error)", "attempt": "\(attempt)"]
      )
      // Cancelled meanwhile: the next try ends at once.
      try? await Task.sleep(for: Self.backoff.delay(attempt: attempt))
      attempt += 1
    }
  }

  /// What a cancelled call comes to: whether it was done is known for questions alone.
  private func interrupted(_ givingUp: (String) -> EventLogError) -> EventLogError {
    let error = givingUp("the call was cancelled")
    guard case .outcomeUnknown = error else { return .cancelled }
    return error
  }

  private func text(_ error: RPCError) -> String {
    guard error.isUnsent else {
      return "the event service answered \(error.code): \(error.message)"
    }
    let place = "the event service at \(settings.host):\(settings.port)"
    return switch error.distrust {
    case .issuer?:
      "\(place) is not reached: its certificate is not trusted; WORDWEAVE_GRPC_CA names one to trust"
    case .name?: "\(place) is not reached: its certificate is that of another name or address"
    case nil: "\(place) is not reached"
    }
  }

  /// Ends the connections once nothing runs over them any more.
  func close() async {
    client.beginGracefulShutdown()
    await connecting.value
  }

  /// Ends the connections of a client that nobody closed, and the calls over them.
  ///
  /// Both are needed: a client whose connections end by cancellation alone leaves calls waiting for ever
  /// that come just then.
  func abandon() {
    client.beginGracefulShutdown()
    connecting.cancel()
  }

  private static func transport(
    _ settings: RemoteSettings
  ) throws -> RemoteEventLog.Transport {
    let security: RemoteEventLog.Transport.TransportSecurity =
      switch settings.trust {
      case .plainText: .plaintext
      case .system: .tls
      case .certificates(let path):
        .tls { $0.trustRoots = .certificates([.file(path: path, format: .pem)]) }
      }
    return try RemoteEventLog.Transport(
      target: target(settings.host, settings.port),
      transportSecurity: security,
      config: .defaults { config in
        // A connection whose other end went away without a word is found within this time.
        config.connection.keepalive = .init(
          time: .seconds(5),
          timeout: .seconds(10),
          allowWithoutCalls: true
        )
        config.backoff.initial = .milliseconds(50)
        config.backoff.max = .seconds(2)
      }
    )
  }

  /// What a host is connected as.
  ///
  /// An address is none that could be looked up: TLS would take it for the name that the certificate
  /// has to bear, and no connection may ask for such a name. An address is looked for among the
  /// addresses of the certificate.
  private static func target(_ host: String, _ port: Int) -> any ResolvableTarget {
    if host.contains(":") { return .ipv6(address: host, port: port) }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) else {
      return .dns(host: host, port: port)
    }
    return .ipv4(address: host, port: port)
  }
}

/// Why a call over a line failed, however often it was sent.
struct LineFailure: Error {
  /// What the last try ended with.
  let last: EventLogError
  /// What the first try ended with whose answer was lost; nil if none was.
  let lost: EventLogError?

  /// What all tries of a change come to.
  var outcome: EventLogError { last.after(lost) }
}

/// What an error tells of a call.
enum CallVerdict: Hashable, Sendable {
  /// The other end decided; asking again would end the same.
  case answered
  /// The other end did not take the call up.
  case notSent
  /// Whether the other end did it is not known.
  case lost

  init(_ error: RPCError) {
    if let told = EventLogError(error) {
      // A log that is being closed is one whose service restarts.
      self = told == .closed ? .notSent : .answered
      return
    }
    guard !error.isUnsent else {
      self = .notSent
      return
    }
    switch error.code {
    case .unavailable, .cancelled, .deadlineExceeded, .internalError, .unknown, .aborted:
      self = .lost
    default:
      self = .answered
    }
  }
}

extension RPCError {
  /// How the transport begins what it says of a call that waited for a connection in vain.
  ///
  /// It opened no stream for it; a call that had one ends with other words.
  private static let unsent = [
    "Channel is in a transient failure state", "Could not establish a connection to",
    "The server accepted the TCP connection but closed the connection before completing",
    "Failed to resolve server name",
  ]

  /// Why a certificate was refused.
  fileprivate enum Distrust {
    case issuer
    case name
  }

  /// What kept TLS from trusting the other end; nil if that is not why, or not known.
  fileprivate var distrust: Distrust? {
    guard let cause else { return nil }
    // The words of the TLS library, which has no other names for the two.
    let text = "\(cause)"
    if text.contains("CERTIFICATE_VERIFY_FAILED") { return .issuer }
    return text.contains("failedToValidateHostname") ? .name : nil
  }

  /// Whether the call never began, so that nothing of it left this process.
  fileprivate var isUnsent: Bool {
    code == .unavailable && Self.unsent.contains { message.hasPrefix($0) }
  }
}
