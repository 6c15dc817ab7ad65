import MessagingConformance
import MessagingCore
import Testing

@Suite struct SimulationTests {
  @Test(arguments: [1, 2, 3, 5])
  func M03_eachEventTakesEffectOnceOrIsParkedWhateverTheFaults(categories: Int) {
    let all: [MessagingCore.Category] = ["a", "b", "c", "d", "e"]
    for seed in 1...40 as ClosedRange<UInt64> {
      let simulation = Simulation(seed: seed, categories: Set(all.prefix(categories)))
      simulation.run(steps: 1_500)
      let findings = Array(simulation.findings.prefix(3))
      #expect(findings == [], "seed \(seed) with \(categories) categories")
      if !findings.isEmpty { return }
    }
  }

  @Test func theFaultsReachEveryPath() {
    var seen = LaneCore.Counters()
    for seed in 1...10 as ClosedRange<UInt64> {
      let simulation = Simulation(seed: seed)
      simulation.run(steps: 1_500)
      for counters in simulation.counters {
        seen.holes += counters.holes
        seen.healedByProbe += counters.healedByProbe
        seen.parked += counters.parked
        seen.redriven += counters.redriven
        seen.outages += counters.outages
      }
    }
    #expect(seen.holes > 0)
    #expect(seen.healedByProbe > 0)
    #expect(seen.parked > 0)
    #expect(seen.redriven > 0)
    #expect(seen.outages > 0)
  }

  @Test func oneMarkForAllCategoriesLosesEvents() {
    var faults = SimulationFaults.none
    faults.drop = 0.1
    let isLossSeen = (1...20 as ClosedRange<UInt64>).contains { seed in
      let simulation = Simulation(seed: seed, faults: faults, isScalar: true)
      simulation.run(steps: 1_000)
      return !simulation.findings.isEmpty
    }
    #expect(isLossSeen)
  }

  @Test func withoutFaultsNothingIsReadTwiceOrParked() {
    let simulation = Simulation(seed: 7, faults: .none)
    simulation.run(steps: 3_000)
    #expect(simulation.findings == [])
    #expect(simulation.counters.allSatisfy { $0.parked == 0 && $0.outages == 0 })
  }
}
