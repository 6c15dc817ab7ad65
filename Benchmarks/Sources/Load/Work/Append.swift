internal import Measuring

/// Clients that append without a pause: a connection each, so many appends under way on each.
final class Append: CallOwner {
  private let loop = Loop()
  private let eventsEach: Int
  private var specimens: [Specimen] = []
  private var window: Window?
  /// Requests that may still be begun; nil without bound.
  private var left: Int?
  private var underWay = 0
  private var calls = 0
  private var latencies = Latencies()
  private var trouble: Trouble?
  /// A commit that takes longer than this is an outage, not a figure.
  private static let drainSeconds = 60.0

  private init(_ options: Options) throws(Trouble) {
    eventsEach = options.events
    let clients = options.clients
    for client in 0..<clients {
      specimens.append(
        Specimen(
          seed: options.seed &* 1_000_003 &+ UInt64(client),
          dataBytes: options.bytes,
          isText: options.isText
        )
      )
    }
    try loop.connect(options.port, count: clients)
  }

  /// Appends for a time.
  static func run(_ options: Options) throws(Trouble) {
    let work = try Append(options)
    var window = Window(warmUp: options.warmUp, seconds: options.seconds)
    try work.begin(inFlight: options.inFlight)
    while !window.isOver {
      try work.loop.turn(atMost: 10)
      window.advance()
      work.window = window
      if let trouble = work.trouble { throw trouble }
    }
    work.left = 0
    try work.loop.run(within: drainSeconds) { work.underWay == 0 }
    Report.write(
      [
        ("calls", Double(work.calls)), ("events", Double(work.calls * work.eventsEach)),
        ("seconds", window.elapsed), ("clientCPU", window.cpuSeconds),
      ] + work.latencies.members
    )
  }

  /// Appends a number of events in all.
  static func fill(_ options: Options) throws(Trouble) {
    let work = try Append(options)
    let requests = (options.total + options.events - 1) / options.events
    work.left = requests
    let began = Clock.now
    try work.begin(inFlight: options.inFlight)
    while work.underWay > 0 {
      try work.loop.turn(atMost: 100)
      if let trouble = work.trouble { throw trouble }
    }
    Report.write([
      ("events", Double(requests * options.events)), ("seconds", Double(Clock.now - began) / 1e9),
    ])
  }

  private func begin(inFlight: Int) throws(Trouble) {
    for connection in loop.connections {
      for _ in 0..<inFlight { try next(connection) }
      try connection.flush()
    }
  }

  private func next(_ connection: Connection) throws(Trouble) {
    if let left {
      guard left > 0 else { return }
      self.left = left - 1
    }
    let request = specimens[connection.index].request(eventsEach)
    try connection.begin(Call(.append, request, tag: connection.index, owner: self))
    underWay += 1
  }

  func received(_ message: UnsafeRawBufferPointer, on call: Call) {}

  func ended(_ call: Call) {
    underWay -= 1
    guard call.status == 0 else {
      trouble = Trouble(
        "an append ended with \(call.status.map(String.init) ?? "a reset"): \(call.statusMessage)"
      )
      return
    }
    if let window, window.isOpen {
      calls += 1
      latencies.add(Clock.now - call.began)
    }
    // The connection writes by itself when it has taken what came.
    do throws(Trouble) { try next(loop.connections[call.tag]) } catch { trouble = error }
  }
}
