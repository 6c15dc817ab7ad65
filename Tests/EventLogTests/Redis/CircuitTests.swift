import Testing

@testable import RedisDriver

@Suite struct CircuitTests {
  private let start = ContinuousClock.now

  @Test func aFailureClosesItForEverybodyAndIsTakenOnce() {
    var circuit = Circuit()
    #expect(!circuit.isReady)
    circuit.connected(at: start)
    #expect(circuit.isReady)
    let isFirst = circuit.lost(at: start)
    let isSecond = circuit.lost(at: start)
    #expect(isFirst && !isSecond)
    #expect(!circuit.isReady)
  }

  @Test func waitsGrowToTheirLimitAndAreNeverShorterThanHalf() {
    var circuit = Circuit()
    #expect(circuit.nextWait(random: 0) == Circuit.firstWait / 2)
    #expect(circuit.nextWait(random: 1) == Circuit.firstWait * 2)
    for _ in 0..<20 { _ = circuit.nextWait(random: 0) }
    #expect(circuit.nextWait(random: 0) == Circuit.longestWait / 2)
    #expect(circuit.nextWait(random: 1) == Circuit.longestWait)
  }

  @Test func oneThatConnectsAndFailsAgainIsAskedLessAndLess() {
    var circuit = Circuit()
    var now = start
    var waits: [Duration] = []
    for _ in 0..<4 {
      circuit.connected(at: now)
      now += Circuit.soundTime - .milliseconds(1)
      _ = circuit.lost(at: now)
      waits.append(circuit.nextWait(random: 1))
    }
    #expect(waits == (0..<4).map { Circuit.firstWait * (1 << $0) })
    circuit.connected(at: now)
    _ = circuit.lost(at: now + Circuit.soundTime)
    #expect(circuit.nextWait(random: 1) == Circuit.firstWait)
  }

  @Test func aClosedOneStaysClosed() {
    var circuit = Circuit()
    circuit.close()
    circuit.connected(at: start)
    #expect(!circuit.isReady)
  }
}
