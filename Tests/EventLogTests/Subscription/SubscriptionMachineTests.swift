internal import EventLogCore
internal import Testing

@Suite struct SubscriptionMachineTests {
  private let start = ContinuousClock.now

  private func machine(
    after position: UInt64 = 0,
    _ adjust: (inout SubscriptionSettings) -> Void = { _ in }
  ) -> SubscriptionMachine {
    var settings = SubscriptionSettings()
    adjust(&settings)
    return SubscriptionMachine(after: GlobalPosition(position), settings: settings, now: start)
  }

  private func page(
    _ positions: ClosedRange<UInt64>? = nil,
    scannedTo: UInt64,
    head: UInt64,
    isEnd: Bool,
    bytes: Int = 0
  ) -> EventPage {
    let events = (positions.map(Array.init) ?? []).map { position -> RecordedEvent in
      var envelope = EnvelopeTests.encoded(
        NewEvent(type: "T", data: [UInt8](repeating: 0, count: bytes))
      )
      envelope.withUnsafeMutableBytes {
        Envelope.stamp(
          $0,
          position: GlobalPosition(position),
          revision: .first,
          recordedAt: Timestamp(microseconds: 0)
        )
      }
      return RecordedEvent(checked: envelope, start: 0, count: envelope.count)
    }
    return EventPage(
      events: events,
      scannedTo: GlobalPosition(scannedTo),
      head: GlobalPosition(head),
      isEnd: isEnd
    )
  }

  /// What the machine asks for, in words.
  private func next(_ machine: inout SubscriptionMachine, after: Duration = .zero) -> String {
    switch machine.next(now: start + after) {
    case .read(let position): "read \(position)"
    case .wait(let position): "wait \(position)"
    case .deliver(.events(let page)):
      "events \(page.events.map { $0.position.description }.joined(separator: " "))"
    case .deliver(.caughtUp(let position)): "caught up \(position)"
    case .deliver(.fellBehind(let position)): "fell behind \(position)"
    case .deliver(.checkpoint(let position)): "checkpoint \(position)"
    }
  }

  private func live(at head: UInt64 = 0) -> SubscriptionMachine {
    var machine = machine(after: head)
    _ = next(&machine)
    machine.didRead(page(scannedTo: head, head: head, isEnd: true))
    #expect(next(&machine) == "caught up \(head)")
    return machine
  }

  @Test func itReadsUntilTheEndThenWaits() {
    var machine = machine()
    #expect(next(&machine) == "read 0")
    machine.didRead(page(1...2, scannedTo: 2, head: 3, isEnd: false))
    #expect(next(&machine) == "events 1 2")
    #expect(next(&machine) == "read 2")
    machine.didRead(page(3...3, scannedTo: 3, head: 3, isEnd: true))
    #expect(next(&machine) == "events 3")
    #expect(next(&machine) == "caught up 3")
    #expect(next(&machine) == "wait 3")
    #expect(next(&machine) == "wait 3")
  }

  @Test func anEmptyLogIsCaughtUpWithAtOnce() {
    var machine = live()
    #expect(next(&machine) == "wait 0")
  }

  @Test func aWakeUpLeadsToAReadAndALostOneToAnotherWait() {
    var machine = live(at: 5)
    #expect(next(&machine) == "wait 5")
    machine.didWait(head: GlobalPosition(5))
    #expect(next(&machine) == "wait 5")
    machine.didWait(head: GlobalPosition(6))
    #expect(next(&machine) == "read 5")
    machine.didRead(page(6...6, scannedTo: 6, head: 6, isEnd: true))
    #expect(next(&machine) == "events 6")
    #expect(next(&machine) == "wait 6")
  }

  @Test func whatArrivedDuringAReadIsReadWithoutWaiting() {
    var machine = live(at: 5)
    machine.didWait(head: GlobalPosition(9))
    #expect(next(&machine) == "read 5")
    machine.didRead(page(6...7, scannedTo: 7, head: 9, isEnd: false))
    #expect(next(&machine) == "events 6 7")
    #expect(next(&machine) == "read 7")
  }

  @Test func fourPagesInARowAreTooMuch() {
    var machine = live()
    machine.didWait(head: GlobalPosition(100))
    for position: UInt64 in 1...4 {
      #expect(next(&machine) == "read \(position - 1)")
      machine.didRead(page(position...position, scannedTo: position, head: 100, isEnd: false))
      #expect(next(&machine) == "events \(position)")
    }
    #expect(next(&machine) == "fell behind 4")
    #expect(next(&machine) == "read 4")
    machine.didRead(page(5...6, scannedTo: 100, head: 100, isEnd: true))
    #expect(next(&machine) == "events 5 6")
    #expect(next(&machine) == "caught up 100")
  }

  @Test func reachingTheEndForgivesThePagesBefore() {
    var machine = live()
    var position: UInt64 = 0
    for _ in 0..<5 {
      machine.didWait(head: GlobalPosition(position + 4))
      for step: UInt64 in 1...4 {
        #expect(next(&machine) == "read \(position)")
        position += 1
        machine.didRead(
          page(position...position, scannedTo: position, head: position, isEnd: step == 4)
        )
        if step < 4 { machine.didWait(head: GlobalPosition(position + 1)) }
        #expect(next(&machine) == "events \(position)")
      }
      #expect(next(&machine) == "wait \(position)")
    }
  }

  @Test func bytesAreCountedAsPagesAre() {
    var machine = live()
    machine.didWait(head: GlobalPosition(100))
    for position: UInt64 in 1...2 {
      #expect(next(&machine) == "read \(position - 1)")
      machine.didRead(
        page(position...position, scannedTo: position, head: 100, isEnd: false, bytes: 2 << 20)
      )
      #expect(next(&machine) == "events \(position)")
    }
    #expect(next(&machine) == "fell behind 2")
  }

  @Test func positionsThatMatchNothingAreToldByCount() {
    var machine = live()
    machine.didWait(head: GlobalPosition(4095))
    #expect(next(&machine) == "read 0")
    machine.didRead(page(scannedTo: 4095, head: 4095, isEnd: true))
    #expect(next(&machine) == "wait 4095")
    machine.didWait(head: GlobalPosition(4096))
    #expect(next(&machine) == "read 4095")
    machine.didRead(page(scannedTo: 4096, head: 4096, isEnd: true))
    #expect(next(&machine) == "checkpoint 4096")
    #expect(next(&machine) == "wait 4096")
  }

  @Test func positionsThatMatchNothingAreToldByTime() {
    var machine = live()
    machine.didWait(head: GlobalPosition(1))
    #expect(next(&machine) == "read 0")
    machine.didRead(page(scannedTo: 1, head: 1, isEnd: true))
    #expect(next(&machine, after: .milliseconds(4999)) == "wait 1")
    machine.didWait(head: GlobalPosition(1))
    #expect(next(&machine, after: .seconds(5)) == "checkpoint 1")
    // Nothing moved since: silence, however long.
    #expect(next(&machine, after: .seconds(500)) == "wait 1")
  }

  @Test func emptyPagesOfARareFilterTellWhileCatchingUp() {
    var machine = machine()
    #expect(next(&machine) == "read 0")
    machine.didRead(page(scannedTo: 65_536, head: 70_000, isEnd: false))
    #expect(next(&machine) == "checkpoint 65536")
    #expect(next(&machine) == "read 65536")
    machine.didRead(page(scannedTo: 70_000, head: 70_000, isEnd: true))
    #expect(next(&machine) == "caught up 70000")
  }

  @Test func aStartBeyondTheHeadStaysWhereItIs() {
    var machine = machine(after: 10)
    #expect(next(&machine) == "read 10")
    machine.didRead(page(scannedTo: 3, head: 3, isEnd: true))
    #expect(next(&machine) == "caught up 10")
    #expect(next(&machine) == "wait 10")
    machine.didWait(head: GlobalPosition(4))
    #expect(next(&machine) == "wait 10")
  }
}
