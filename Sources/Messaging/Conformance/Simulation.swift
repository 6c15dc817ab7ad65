internal import EventLogCore
package import MessagingCore
internal import Synchronization

/// How wild a simulation is.
package struct SimulationFaults: Sendable {
  /// Chances per step, of 1.
  package var drop = 0.1
  package var repetition = 0.1
  package var shuffle = 0.2
  package var purge = 0.01
  package var relayCrash = 0.01
  package var laneCrash = 0.01
  package var storeFailure = 0.05
  package var logFailure = 0.05
  package var refusal = 0.05
  package init() {}
  package static let none: SimulationFaults = {
    var faults = SimulationFaults()
    faults.drop = 0
    faults.repetition = 0
    faults.shuffle = 0
    faults.purge = 0
    faults.relayCrash = 0
    faults.laneCrash = 0
    faults.storeFailure = 0
    faults.logFailure = 0
    faults.refusal = 0
    return faults
  }()
}

/// Drives a relay's and a handler's cores against a model log, broker and store, one random step
/// after another, on one thread and by one seed.
///
/// Afterwards faults end and everything is drained; then each wanted event took effect exactly
/// once and in the order of its stream, or is parked (M3, M4, M5, M11).
package final class Simulation {
  package var faults: SimulationFaults
  /// Runs lanes with one mark for all categories, to show why there is one for each.
  package let isScalar: Bool

  let handler: RecordingHandler
  var random: SeededRandom
  var now = Timestamp(microseconds: 1_000_000_000)
  private(set) var events: [RecordedEvent] = []
  private var revisions: [StreamName: UInt64] = [:]
  private let identity = LogIdentity(id: EventID(high: 1, low: 1), epoch: 1)
  private var relay: RelayCore
  private var relayWork: [RelayCore.Action] = []
  private var settlements: [Settlement] = []
  private var broker: [FeedMessage] = []
  private var sourceTails = Tails(at: .start)
  private var lanes: [LaneCore] = []
  private var work: [Int: LaneWork] = [:]
  private var floors: [GlobalPosition]
  package private(set) var violations: [String] = []
  private let refused: RefusedEvents
  /// Wanted events that no lane reported yet, by partition.
  private var expected: [[(stream: StreamName, position: GlobalPosition)]] = Array(
    repeating: [],
    count: MessagingLimits.partitions
  )
  private let streams: [StreamName]

  package init(
    seed: UInt64,
    faults: SimulationFaults = SimulationFaults(),
    categories: Set<Category> = ["a", "b"],
    isScalar: Bool = false
  ) {
    self.faults = faults
    self.isScalar = isScalar
    random = SeededRandom(seed: seed)
    let refused = RefusedEvents()
    self.refused = refused
    handler = RecordingHandler(
      categories: isScalar ? [Self.scalar] : categories,
      query: .types("Wanted"),
      refusal: { refused.kind(of: $0.position) }
    )
    // Few partitions, each with streams of every category, so that holes hide behind neighbours.
    var streams: [StreamName] = []
    for category in categories.union(["z"]).sorted() {
      let found = (0...).lazy.map { StreamName("\(category)-\($0)") }
        .filter { Partition.of($0) < 2 }.prefix(4)
      streams += found
    }
    self.streams = streams
    relay = RelayCore(log: identity.id, tails: Tails(at: .start))
    relayWork = relay.start()
    floors = Array(repeating: .start, count: MessagingLimits.partitions)
    asked = categories
    lanes = (0..<MessagingLimits.partitions).map { fresh($0) }
    for partition in lanes.indices { open(partition) }
  }

  private static let scalar: Category = "everything"
  private var asked: Set<Category> = []
  private var head: GlobalPosition { GlobalPosition(UInt64(events.count)) }

  /// Steps `count` times, then ends the faults and drains.
  package func run(steps: Int) {
    for _ in 0..<steps { step() }
    drain()
  }

  package var findings: [String] {
    let judge = RecordingHandler(categories: asked, query: handler.query)
    return violations
      + Oracle.findings(
        events: events,
        handler: judge,
        effects: handler.store.effects,
        parked: handler.store.parked
      )
  }

  package var counters: [LaneCore.Counters] { lanes.map(\.counters) }

  private func chance(_ probability: Double) -> Bool {
    probability > 0 && Double.random(in: 0..<1, using: &random) < probability
  }

  // MARK: Steps

  private func step() {
    now = now.advanced(by: .milliseconds(Int.random(in: 0...20, using: &random)))
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<20: append(Int.random(in: 1...4, using: &random))
    case 20..<45: relayStep()
    case 45..<55: deliver()
    case 55..<90: laneStep()
    case 90..<93: probe()
    case 93..<95: now = now.advanced(by: .milliseconds(Int.random(in: 0...3000, using: &random)))
    case 95..<96: wish()
    default: disturb()
    }
  }

  private func append(_ count: Int) {
    for _ in 0..<count {
      guard let stream = streams.randomElement(using: &random) else { return }
      let revision = revisions[stream, default: 0]
      revisions[stream] = revision + 1
      let isWanted = !chance(0.1)
      let position = head.next
      events.append(
        ModelEvents.event(
          at: position,
          in: stream,
          revision: revision,
          type: isWanted ? "Wanted" : "Ignored",
          recordedAt: now
        )
      )
      if isWanted, asked.contains(Category(of: stream)) {
        expected[Partition.of(stream)].append((stream, position))
      }
      if chance(faults.refusal) {
        refused.kinds[position] = [.permanent, .transient, .unknown, .outage, .undecodable]
          .randomElement(using: &random)
      }
    }
  }

  private func relayStep() {
    if !settlements.isEmpty, chance(0.5) {
      relayWork += relay.on(.settlement(settlements.removeFirst()))
      return
    }
    guard let action = relayWork.first else { return }
    switch action {
    case .awaitHead(let beyond):
      guard head > beyond else { return }
      relayWork.removeFirst()
      relayWork += relay.on(.head(head))
    case .read(let after):
      relayWork.removeFirst()
      if chance(faults.logFailure) {
        relayWork += relay.on(.readFailed)
      } else {
        let end = min(head.number, after.number + UInt64.random(in: 1...7, using: &random))
        let page = Array(events[Int(after.number)..<Int(end)])
        relayWork += relay.on(.page(page, scannedTo: GlobalPosition(end), head: head))
      }
    case .publish(let messages):
      relayWork.removeFirst()
      publish(messages)
    case .announce(let tails):
      relayWork.removeFirst()
      if tails.head > sourceTails.head { sourceTails = tails }
      for partition in lanes.indices where !isScalar { feed(partition, .told(tails)) }
    case .pause: relayWork.removeFirst()
    }
  }

  private func publish(_ messages: [FeedMessage]) {
    for message in messages {
      guard !chance(faults.drop) else { continue }
      broker.append(message)
      if chance(faults.repetition) { broker.append(message) }
    }
    if chance(faults.shuffle) { broker.shuffle(using: &random) }
    let positions = messages.map(\.position).shuffled(using: &random)
    if chance(0.05) {
      settlements.append(.lost("connection"))
    } else {
      settlements.append(.settled(positions, chance(0.1) ? .refused : .stored))
    }
  }

  private func deliver() {
    let count = min(broker.count, Int.random(in: 1...5, using: &random))
    for message in broker.prefix(count) { hand(message) }
    broker.removeFirst(count)
  }

  private func hand(_ message: FeedMessage) {
    let partition = message.key.partition
    guard asked.contains(message.key.category) else { return }
    guard isScalar else { return feed(partition, .delivered([message])) }
    let key = RoutingKey(epoch: 1, category: Self.scalar, partition: partition)
    feed(
      partition,
      .delivered([
        FeedMessage(
          key: key,
          log: message.log,
          position: message.position,
          previous: message.previous,
          event: message.event
        )
      ])
    )
  }

  private func probe() {
    var tails = sourceTails
    for event in events.dropFirst(Int(tails.head.number)) {
      _ = tails.fold(RoutingKey(of: event), at: event.position)
    }
    sourceTails = tails
    for partition in lanes.indices {
      feed(partition, isScalar ? .ticked : .probed(tails))
    }
  }

  private func wish() {
    guard let row = handler.store.parked.randomElement(using: &random) else { return }
    feed(row.partition, .wished(row.stream))
  }

  private func disturb() {
    if chance(faults.purge * 20) { broker = [] }
    if chance(faults.relayCrash * 20) {
      // What it had in hand is gone; the next one begins at the head, or somewhere before it.
      relay = RelayCore(log: identity.id, tails: Tails(at: head))
      relayWork = relay.start()
      settlements = []
    }
    if chance(faults.laneCrash * 20) {
      let partition = Int.random(in: 0..<2, using: &random)
      lanes[partition] = fresh(partition)
      work[partition] = nil
      floors[partition] = .start
      open(partition)
    }
    if chance(faults.refusal), let position = refused.kinds.keys.min() {
      refused.kinds[position] = nil
    }
  }

  private func drain() {
    faults = .none
    refused.kinds = refused.kinds.filter { $0.value != .outage }
    for round in 0..<400 {
      if round > 20, work.isEmpty, lanes.allSatisfy({ $0.checkpoint.floor == head }) { break }
      for _ in 0..<40 { relayStep() }
      while !broker.isEmpty { deliver() }
      for _ in 0..<40 { laneStep() }
      now = now.advanced(by: .seconds(1))
      probe()
    }
    for partition in lanes.indices where !isScalar && lanes[partition].checkpoint.floor < head {
      let lane = lanes[partition]
      if lane.parked.isEmpty || lane.state != .full {
        violations.append(
          "\(lane.lane) stands at \(lane.checkpoint.floor) of \(head), \(lane.state)"
        )
      }
    }
  }

  // MARK: Lanes

  private func fresh(_ partition: Int) -> LaneCore {
    LaneCore(
      lane: LaneID(handler: handler.id, partition: partition),
      categories: handler.categories,
      query: handler.query,
      log: identity,
      seed: random.next()
    )
  }

  private func open(_ partition: Int) {
    let id = LaneID(handler: handler.id, partition: partition)
    let identity = identity
    handler.store.setFault(nil)
    guard let rows = try? handler.store.run({ try $0.claim(id, for: identity) }) else {
      return violations.append("\(id) cannot open")
    }
    feed(partition, .opened(rows.checkpoint, parked: rows.parked, head: head))
  }

  private func feed(_ partition: Int, _ input: LaneCore.Input) {
    for action in lanes[partition].on(input, now: now) {
      switch action {
      case .perform(let next):
        if work[partition] != nil { violations.append("two works at once in \(partition)") }
        work[partition] = next
      case .reached(let position):
        if position < floors[partition] { violations.append("floor fell in \(partition)") }
        if position > head { violations.append("floor beyond the head in \(partition)") }
        floors[partition] = position
        judge(position, partition)
      case .changed, .unparked: break
      case .finished: violations.append("lane \(partition) ended: \(lanes[partition].state)")
      }
    }
  }

  /// Everything at or below a reported position is handled or parked.
  private func judge(_ position: GlobalPosition, _ partition: Int) {
    guard !isScalar, let next = expected[partition].first, next.position <= position else { return }
    let effects = handler.store.effects
    let parked = Set(handler.store.parked.map(\.stream))
    while let next = expected[partition].first, next.position <= position {
      expected[partition].removeFirst()
      guard !parked.contains(next.stream) else { continue }
      if effects[next.stream]?.contains(next.position) != true {
        violations.append("\(position) reported, \(next.stream)@\(next.position) is missing")
      }
    }
  }

  private func laneStep() {
    guard let partition = work.keys.sorted().randomElement(using: &random),
      let next = work[partition]
    else { return }
    work[partition] = nil
    feed(partition, outcome(of: next, partition))
  }

  private func outcome(of work: LaneWork, _ partition: Int) -> LaneCore.Input {
    let id = LaneID(handler: handler.id, partition: partition)
    let fence = lanes[partition].checkpoint.fence
    let fault: MemoryLaneStore.Fault? =
      chance(faults.storeFailure) ? (chance(0.5) ? .beforeCommit : .afterCommit) : nil
    handler.store.setFault { fault }
    let now = now
    do {
      switch work {
      case .read(let after, let through):
        guard !chance(faults.logFailure) else { return .outage("log") }
        return .read(page(partition, after: after, through: through))
      case .apply(let batch):
        let (count, rows) = try handler.store.run { try handler.apply(batch, of: id, in: &$0) }
        return .applied(count: count, rows: rows)
      case .park(_, let row, let checkpoint):
        try handler.store.run {
          try $0.checkFence(fence, of: id)
          try $0.put(checkpoint, of: id)
          try $0.park(row, in: id)
        }
        return .parked(row)
      case .readParked(let row):
        return .waiting(
          Array(
            events.filter {
              $0.stream == row.stream && $0.position >= row.headPosition
                && $0.position <= row.tailPosition && $0.type == "Wanted"
            }.prefix(3)
          )
        )
      case .redrive(let stream, let event, let next):
        return .redriven(
          try handler.store.run {
            try handler.redrive(
              stream,
              event,
              next: next,
              of: id,
              fence: fence,
              now: now,
              in: &$0
            )
          }
        )
      case .postpone(let failed):
        return .noted(
          try handler.store.run { try $0.postpone(failed, of: id, fence: fence) }
        )
      case .wish(let stream):
        return .noted(try handler.store.run { try $0.wish(for: stream, of: id, fence: fence) })
      case .reopen:
        let identity = identity
        guard let rows = try handler.store.run({ try $0.claim(id, for: identity) }) else {
          return .foreignLog
        }
        return .opened(rows.checkpoint, parked: rows.parked, head: .start)
      case .save(let checkpoint):
        try handler.store.run {
          try $0.checkFence(fence, of: id)
          try $0.put(checkpoint, of: id)
        }
        return .saved
      }
    } catch is Fenced {
      return .fenced
    } catch let failure as BatchFailure {
      return .failed(
        at: failure.index,
        LaneFailure(kind: handler.kind(of: failure.cause), text: "\(failure.cause)")
      )
    } catch {
      return .storeFailed("\(error)")
    }
  }

  private func page(
    _ partition: Int,
    after: GlobalPosition,
    through: GlobalPosition
  ) -> FeedPage {
    let end = min(head.number, after.number + UInt64.random(in: 1...20, using: &random))
    let page = events[Int(after.number)..<Int(end)].compactMap { event -> KeyedEvent? in
      let key = RoutingKey(of: event)
      guard key.partition == partition, asked.contains(key.category) else { return nil }
      return KeyedEvent(category: isScalar ? Self.scalar : key.category, event: event)
    }
    return FeedPage(events: page, scannedTo: GlobalPosition(end))
  }
}

/// Which events a handler refuses now.
private final class RefusedEvents: Sendable {
  private let all = Mutex<[GlobalPosition: ErrorKind]>([:])
  var kinds: [GlobalPosition: ErrorKind] {
    get { all.withLock { $0 } }
    set { all.withLock { $0 = newValue } }
  }
  func kind(of position: GlobalPosition) -> ErrorKind? { all.withLock { $0[position] } }
}
