import Testing

@testable import EventsService

@Suite struct WindowLedgerTests {
  @Test func aMessageLargerThanTheWindowIsLetIn() {
    var ledger = WindowLedger()
    for _ in 0..<3 {
      ledger.received(100)
      #expect(ledger.credit() == 100)
    }
    #expect(ledger.credit() == 0, "room was made twice for the same bytes")
  }

  @Test func messagesThatNobodyTakesFillTheWindow() {
    var ledger = WindowLedger()
    ledger.received(60)
    ledger.completed()
    ledger.received(40)
    #expect(ledger.credit() == 0)
    ledger.completed()
    ledger.took()
    #expect(ledger.credit() == 0)
    ledger.took()
    #expect(ledger.credit() == 100)
  }
}
