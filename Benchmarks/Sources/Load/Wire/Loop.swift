internal import CRawNghttp2
internal import Glibc
internal import Measuring

/// Lets connections read and write as their sockets allow.
final class Loop {
  private let epoll = epoll_create1(0)
  private(set) var connections: [Connection] = []
  private var isWatchedForWriting: [Bool] = []
  private static let eventsAtOnce = 256

  deinit { close(epoll) }

  func connect(_ port: UInt16, count: Int = 1) throws(Trouble) {
    for _ in 0..<count {
      let connection = try Connection(port: port, index: connections.count)
      connections.append(connection)
      isWatchedForWriting.append(false)
      var event = epoll_event()
      event.events = weave_epoll_in
      event.data.u32 = UInt32(connection.index)
      guard epoll_ctl(epoll, EPOLL_CTL_ADD, connection.descriptor, &event) == 0 else {
        throw Trouble("a socket cannot be waited for", errno)
      }
      try connection.flush()
    }
  }

  /// Begins a call and puts it on the line.
  func call(_ call: Call, on connection: Connection) throws(Trouble) {
    try connection.begin(call)
    try connection.flush()
    try watch(connection)
  }

  /// Waits for sockets at most so long, and serves those that are ready.
  func turn(atMost milliseconds: Int32) throws(Trouble) {
    try withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.eventsAtOnce) {
      (events) throws(Trouble) in
      let count = epoll_wait(
        epoll,
        events.baseAddress,
        Int32(Self.eventsAtOnce),
        milliseconds
      )
      for event in events.prefix(Int(max(count, 0))) {
        let connection = connections[Int(event.data.u32)]
        if event.events & weave_epoll_out != 0 { try connection.flush() }
        if event.events & ~weave_epoll_out != 0 { try connection.receive() }
        try watch(connection)
      }
    }
  }

  /// Runs until a condition holds.
  func run(within seconds: Double, until isDone: () -> Bool) throws(Trouble) {
    let end = Clock.now + UInt64(seconds * 1_000_000_000)
    while !isDone() {
      guard Clock.now < end else { throw Trouble("no end within \(Int(seconds)) s") }
      try turn(atMost: 100)
    }
  }

  private func watch(_ connection: Connection) throws(Trouble) {
    guard connection.wantsToWrite != isWatchedForWriting[connection.index] else { return }
    isWatchedForWriting[connection.index] = connection.wantsToWrite
    var event = epoll_event()
    event.events = weave_epoll_in | (connection.wantsToWrite ? weave_epoll_out : 0)
    event.data.u32 = UInt32(connection.index)
    guard epoll_ctl(epoll, EPOLL_CTL_MOD, connection.descriptor, &event) == 0 else {
      throw Trouble("a socket cannot be waited for", errno)
    }
  }
}
