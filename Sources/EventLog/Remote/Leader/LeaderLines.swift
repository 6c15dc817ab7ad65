internal import EventLogCore
internal import Logging
internal import Synchronization

/// The line to whoever leads the log: one at a time, another one when another leads.
final class LeaderLines: Sendable {
  private struct State {
    var leader: LogLeader?
    var line: Line?
    var isClosed = false
  }

  private let settings: @Sendable (LogLeader) -> RemoteSettings?
  private let logger: Logger
  private let state = Mutex(State())

  /// - settings: how a leader is reached; nil for an address that cannot be read.
  init(logger: Logger, settings: @escaping @Sendable (LogLeader) -> RemoteSettings?) {
    self.settings = settings
    self.logger = logger
  }

  /// The line to a leader, whose log is `identity`; calls over lines to an earlier one end.
  func line(
    to leader: LogLeader,
    of identity: LogIdentity
  ) throws(EventLogError) -> Line {
    let (line, old) = try state.withLock { state throws(EventLogError) in
      guard !state.isClosed else { throw .closed }
      if let line = state.line, state.leader == leader { return (line, Line?.none) }
      let line = try makeLine(to: leader)
      defer { (state.leader, state.line) = (leader, line) }
      return (line, state.line)
    }
    old?.abandon()
    line.pin(to: identity)
    return line
  }

  private func makeLine(to leader: LogLeader) throws(EventLogError) -> Line {
    guard var settings = settings(leader) else {
      throw .unavailable("the leader's address '\(leader)' is no HOST:PORT")
    }
    if let complaint = settings.complaint { throw .unavailable(complaint) }
    // Each call is tried once: whoever calls looks first who leads by then.
    settings.patience = .zero
    logger.debug("Changes go to another leader", metadata: ["address": "\(leader)"])
    return try Line(settings, logger: logger)
  }

  /// Ends calls to anybody but `leader`: whoever does not lead any more may never answer.
  func keep(only leader: LogLeader?) {
    let old = state.withLock { state in
      guard state.leader != leader else { return Line?.none }
      defer { (state.leader, state.line) = (nil, nil) }
      return state.line
    }
    old?.abandon()
  }

  /// Lets calls end, and takes no more.
  func close() async {
    let line = state.withLock { state in
      state.isClosed = true
      defer { (state.leader, state.line) = (nil, nil) }
      return state.line
    }
    await line?.close()
  }

  /// Ends the line of an owner that nobody closed.
  func abandon() {
    let line = state.withLock { state in
      state.isClosed = true
      defer { state.line = nil }
      return state.line
    }
    line?.abandon()
  }
}

extension RemoteSettings {
  /// Splits HOST:PORT, the host of an IPv6 address in brackets; nil if it is none.
  package static func place(_ text: String) -> (host: String, port: Int)? {
    guard let colon = text.lastIndex(of: ":"),
      let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port)
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    return host.isEmpty ? nil : (String(host), port)
  }
}
