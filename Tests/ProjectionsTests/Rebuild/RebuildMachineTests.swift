import EventLogCore
import Testing

@testable import ProjectionsCore

@Suite struct RebuildMachineTests {
  private let now = Timestamp(microseconds: 1)

  @Test func theWayFromStartToCutOver() throws {
    var machine = RebuildMachine()
    #expect(machine.resume() == .none)
    #expect(try machine.start(into: 2, at: now) == .fill(2))
    #expect(machine.resume() == .fill(2))
    #expect(try machine.reachedHead(at: now) == .verify(2))
    #expect(machine.resume() == .verify(2))
    #expect(try machine.agreed(on: GlobalPosition(9), at: now) == .follow(2))
    #expect(machine.resume() == .follow(2))
    #expect(try machine.cutOver(at: now) == .switchTo(2))
    #expect(machine.resume() == .none)
    #expect(try machine.start(into: 3, at: now) == .fill(3))
  }

  @Test func onlyAReadyShadowIsCutOver() throws {
    var machine = RebuildMachine()
    #expect(throws: RebuildMachine.Refusal.notReady(.idle)) { try machine.cutOver(at: now) }
    _ = try machine.start(into: 2, at: now)
    #expect(throws: RebuildMachine.Refusal.notReady(.filling)) { try machine.cutOver(at: now) }
    _ = try machine.reachedHead(at: now)
    #expect(throws: RebuildMachine.Refusal.notReady(.verifying)) { try machine.cutOver(at: now) }
  }

  @Test func aRebuildIsCancelledOrFailsFromAnyRunningPhaseAndItsShadowIsDropped() throws {
    var machine = RebuildMachine()
    #expect(throws: RebuildMachine.Refusal.notRunning(.idle)) { try machine.cancel(at: now) }
    _ = try machine.start(into: 2, at: now)
    #expect(throws: RebuildMachine.Refusal.alreadyRunning(.filling)) {
      try machine.start(into: 3, at: now)
    }
    var other = machine
    #expect(try machine.cancel(at: now) == .drop(2))
    #expect(try other.fail("differs", at: now) == .drop(2))
    #expect(other.reason == "differs")
    #expect(machine.resume() == .none)
  }

  @Test func theStoredRowKeepsEverything() throws {
    var row = ProjectionRow()
    row.generations = [.init(number: 4, version: 2, isFilled: true)]
    row.live = 4
    _ = try row.rebuild.start(into: 5, comparing: .itself, at: now)
    _ = try row.rebuild.fail("why", at: now)
    #expect(try ProjectionRow(row: row.row) == row)
    #expect(throws: ReadModelError.self) { try ProjectionRow(row: [9, 9]) }
  }
}
