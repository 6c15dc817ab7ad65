internal import CHiredis
internal import Glibc

/// One connection, for a thread that may block.
///
/// - Shape: commands go out together and their answers come back together.
/// - Errors: after any error that is thrown the connection is closed and of no use.
///
/// The library is used without its own waiting: its time limits count for each call to the system,
/// so that a server that sends a byte now and then would never run into one.
final class RedisSession {
  private var context: UnsafeMutablePointer<redisContext>?
  private let place: String

  private init(_ context: UnsafeMutablePointer<redisContext>, _ place: String) {
    self.context = context
    self.place = place
  }

  deinit { close() }

  /// Connects, signs in, chooses the database, and hears that somebody is there.
  static func connect(_ settings: RedisSettings) throws(RedisError) -> RedisSession {
    ignoreBrokenPipes()
    let deadline = ContinuousClock.now + settings.connectTimeout
    let time = timeval(settings.connectTimeout)
    guard let context = redisConnectWithTimeout(settings.host, Int32(settings.port), time) else {
      throw RedisError(
        .connectionFailed,
        attempt: "connect to Redis at \(settings.place)",
        found: "out of memory"
      )
    }
    let session = RedisSession(context, settings.place)
    guard context.pointee.err == 0 else {
      throw session.lost("connect to Redis at \(settings.place)", .connectionFailed)
    }
    let descriptor = context.pointee.fd
    context.pointee.flags &= ~REDIS_BLOCK
    guard fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0 else {
      throw session.lost("connect to Redis at \(settings.place)", .connectionFailed)
    }
    context.pointee.reader.pointee.fn = ReplyMaking.withoutArrays
    try session.signIn(settings, until: deadline)
    return session
  }

  private func signIn(
    _ settings: RedisSettings,
    until deadline: ContinuousClock.Instant
  ) throws(RedisError) {
    var commands: [RedisCommand] = []
    if let password = settings.password {
      let user = settings.user.map { [Array($0.utf8)] } ?? []
      commands.append(RedisCommand([Array("AUTH".utf8)] + user + [Array(password.utf8)]))
    }
    if settings.database > 0 {
      commands.append(RedisCommand("SELECT", Array("\(settings.database)".utf8)))
    }
    commands.append(.ping)
    let attempt = "sign in to Redis at \(settings.place)"
    let replies = try run(commands, until: deadline)
    if settings.password != nil, case .refusal(let text)? = replies.first {
      throw lost(attempt, .refused, Self.code(of: text))
    }
    for case .refusal(let text) in replies { throw lost(attempt, .refused, text) }
    guard replies.last == .status("PONG") else {
      throw lost(attempt, .unexpected, "something else answers there")
    }
  }

  /// The first word of a refusal, such as `WRONGPASS`: a server that does not know `AUTH` quotes the
  /// password in the rest.
  private static func code(of refusal: String) -> String {
    String(refusal.prefix { $0 != " " })
  }

  /// Sends commands and takes their answers, in order, before the deadline.
  func run(
    _ commands: [RedisCommand],
    until deadline: ContinuousClock.Instant
  ) throws(RedisError) -> [RedisReply] {
    let attempt = "ask Redis at \(place)"
    guard let context else {
      throw RedisError(.away, attempt: attempt, found: "the connection was closed")
    }
    for command in commands { try append(command, to: context, attempt) }
    var replies: [RedisReply] = []
    replies.reserveCapacity(commands.count)
    var unsent: Int32 = 0
    var isSent = commands.isEmpty
    while true {
      if !isSent {
        guard redisBufferWrite(context, &unsent) == REDIS_OK else { throw lost(attempt) }
        isSent = unsent == 1
      }
      while replies.count < commands.count, let reply = try nextReply(of: context, attempt) {
        replies.append(reply)
      }
      if isSent, replies.count == commands.count { break }
      let events = Int16(POLLIN) | (isSent ? 0 : Int16(POLLOUT))
      let found = try wait(for: events, of: context, until: deadline, attempt)
      guard found & ~Int16(POLLOUT) != 0 else { continue }
      guard redisBufferRead(context) == REDIS_OK else { throw lost(attempt) }
    }
    // An answer too many would be taken for the next question's.
    guard context.pointee.reader.pointee.pos == context.pointee.reader.pointee.len else {
      throw lost(attempt, .unexpected, "more answers than questions")
    }
    return replies
  }

  /// Ends the connection; twice is fine.
  func close() {
    guard let context else { return }
    self.context = nil
    redisFree(context)
  }

  private func append(
    _ command: RedisCommand,
    to context: UnsafeMutablePointer<redisContext>,
    _ attempt: String
  ) throws(RedisError) {
    let flat = command.arguments.flatMap { $0 }
    var lengths = command.arguments.map(\.count)
    let status = flat.withUnsafeBytes { bytes in
      // The address of an empty argument is not looked at, but must be one.
      let start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)
      var index = 0
      var pointers: [UnsafePointer<CChar>?] = lengths.map { length in
        defer { index += length }
        return start?.advanced(by: index).assumingMemoryBound(to: CChar.self)
      }
      return redisAppendCommandArgv(context, Int32(lengths.count), &pointers, &lengths)
    }
    guard status == REDIS_OK else { throw lost(attempt) }
  }

  private func nextReply(
    of context: UnsafeMutablePointer<redisContext>,
    _ attempt: String
  ) throws(RedisError) -> RedisReply? {
    var found: UnsafeMutableRawPointer?
    guard redisGetReplyFromReader(context, &found) == REDIS_OK else { throw lost(attempt) }
    guard let found else {
      let reader = context.pointee.reader.pointee
      guard reader.len - reader.pos <= RedisLimits.valueBytes + RedisLimits.frameBytes else {
        throw lost(attempt, .tooLarge, "an answer of more than \(RedisLimits.valueBytes) bytes")
      }
      return nil
    }
    defer { freeReplyObject(found) }
    let reply = found.assumingMemoryBound(to: redisReply.self).pointee
    let bytes = UnsafeRawBufferPointer(start: reply.str, count: reply.str == nil ? 0 : reply.len)
    switch reply.type {
    case REDIS_REPLY_STRING:
      // One read may bring the end of an answer that is a little too large.
      guard bytes.count <= RedisLimits.valueBytes else {
        throw lost(attempt, .tooLarge, "an answer of \(bytes.count) bytes")
      }
      return .bytes(Array(bytes))
    case REDIS_REPLY_STATUS: return .status(String(decoding: bytes, as: UTF8.self))
    case REDIS_REPLY_INTEGER: return .integer(Int64(reply.integer))
    case REDIS_REPLY_NIL: return .null
    case REDIS_REPLY_ERROR: return .refusal(String(decoding: bytes.prefix(200), as: UTF8.self))
    default: throw lost(attempt, .unexpected, "an answer of kind \(reply.type)")
    }
  }

  private func wait(
    for events: Int16,
    of context: UnsafeMutablePointer<redisContext>,
    until deadline: ContinuousClock.Instant,
    _ attempt: String
  ) throws(RedisError) -> Int16 {
    var descriptor = pollfd(fd: context.pointee.fd, events: events, revents: 0)
    while true {
      let left = deadline - ContinuousClock.now
      guard left > .zero else { throw lost(attempt, .timedOut, "no answer in time") }
      let status = poll(&descriptor, 1, left.pollMilliseconds)
      if status > 0 { return descriptor.revents }
      if status < 0, errno != EINTR { throw lost(attempt) }
    }
  }

  /// Gives the connection up and says why.
  private func lost(
    _ attempt: String,
    _ code: RedisError.Code? = nil,
    _ found: String? = nil
  ) -> RedisError {
    guard let context else {
      return RedisError(.away, attempt: attempt, found: "the connection was closed")
    }
    defer { close() }
    let text = withUnsafeBytes(of: context.pointee.errstr) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let isForeign =
      context.pointee.err == REDIS_ERR_PROTOCOL || context.pointee.err == REDIS_ERR_OOM
    return RedisError(
      code ?? (isForeign ? .unexpected : .connectionLost),
      attempt: attempt,
      // A protocol error's text quotes what came, which may be anything.
      found: found ?? (isForeign ? "what came is no answer" : text)
    )
  }

  /// The library writes without `MSG_NOSIGNAL`: on this thread a closed connection is an error like
  /// any other, and no signal that ends the process.
  private static func ignoreBrokenPipes() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }
}

/// How the library makes answers, except that it makes no arrays: it would ask for memory by the
/// count that the server claims.
private enum ReplyMaking {
  /// `nonisolated(unsafe)`: written once, before anybody sees it.
  nonisolated(unsafe) static let withoutArrays: UnsafeMutablePointer<redisReplyObjectFunctions> = {
    let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
    let reader = redisReaderCreate()
    functions.initialize(to: reader?.pointee.fn.pointee ?? redisReplyObjectFunctions())
    redisReaderFree(reader)
    functions.pointee.createArray = { _, _ in nil }
    return functions
  }()
}

extension timeval {
  fileprivate init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
  }
}

extension Duration {
  /// Whole milliseconds for `poll`, rounded up so that it never spins, at most a minute.
  fileprivate var pollMilliseconds: Int32 {
    let (seconds, attoseconds) = components
    guard seconds < 60 else { return 60_000 }
    return Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000) + 1
  }
}
