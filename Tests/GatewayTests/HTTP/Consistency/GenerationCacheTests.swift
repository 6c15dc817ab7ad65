internal import Gateway
internal import Synchronization
internal import Testing

@Suite struct GenerationCacheTests {
  @Test func itIsBoundedAndKeepsWhatIsUsed() {
    var cache = GenerationCache<Int, Int>(capacity: 10)
    for key in 0..<1000 {
      cache[key] = key
      #expect(cache[0] == 0)
      #expect(cache.count <= 10)
    }
    #expect(cache[500] == nil)
    #expect(cache[999] == 999)
    cache[999] = nil
    #expect(cache[999] == nil)
  }

  @Test func floorsNeverGoBackAndAreForgottenInTime() {
    let now = Mutex<Int64>(0)
    let floors = Floors { now.withLock { $0 } }
    floors.remember(7, for: "user_a")
    floors.remember(5, for: "user_a")
    #expect(floors.floor(of: "user_a") == 7)
    #expect(floors.floor(of: "user_b") == nil)
    now.withLock { $0 = 600_000_000 }
    #expect(floors.floor(of: "user_a") == nil)
  }

  @Test func waitIsReadFromPreferAndCut() {
    #expect(Preference.wait(["wait=3"]) == 3)
    #expect(Preference.wait(["respond-async, Wait=\"4\""]) == 4)
    #expect(Preference.wait(["wait=99"]) == GatewayLimits.patienceMaximum)
    #expect(Preference.wait(["wait=-1"]) == nil)
    #expect(Preference.wait([]) == nil)
  }
}
