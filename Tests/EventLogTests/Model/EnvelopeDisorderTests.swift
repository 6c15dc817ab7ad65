internal import EventLogCore
internal import Testing

/// Envelopes whose checksum is right and whose inside is not, as a crafted export may hold them.
@Suite struct EnvelopeDisorderTests {
  /// Sets one byte and makes the checksum right again.
  private func crafted(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
    var bytes = EnvelopeTests.encoded(
      givenID: EventID(high: 1, low: 2),
      tracking: Tracking(source: "or", position: 7)
    )
    change(&bytes)
    let end = bytes.count - Envelope.checksumBytes
    let checksum = bytes[..<end].withUnsafeBytes { Checksum.crc32c($0) }
    for index in 0..<4 { bytes[end + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
    return bytes
  }

  /// Reads every member; a length that is believed wrongly would trap here.
  private func readAll(_ event: RecordedEvent) {
    _ = (event.type, event.stream, event.contentType, event.tags, event.metadata)
    _ = (event.tracking, event.givenID, event.data, event.removed.data)
  }

  @Test func aSoundEnvelopeIsTaken() throws {
    readAll(try RecordedEvent(envelope: crafted { _ in }))
  }

  @Test func everyWrongInnerLengthIsRefused() {
    let tags = Envelope.Offset.type + 2 + 3 + 3
    // The lengths of both tags, of both keys and values, the counts and the flags.
    let places = [tags, tags + 2, tags + 5, tags + 7, tags + 8, tags + 9, tags + 10, tags + 13]
    for place in places + [Envelope.Offset.tagCount, Envelope.Offset.metadataCount] {
      for value: UInt8 in [0, 3, 0x7F, 0xFF] {
        let bytes = crafted { $0[place] = value }
        guard bytes != crafted({ _ in }) else { continue }
        #expect(throws: EventLogError.self, "byte \(place) as \(value)") {
          _ = try RecordedEvent(envelope: bytes)
        }
      }
    }
  }

  /// Every byte, every bit: refused, or read without a trap.
  @Test func noFlippedBitTrapsAReader() {
    let count = crafted { _ in }.count
    for place in 0..<(count - Envelope.checksumBytes) {
      for bit in 0..<8 {
        let bytes = crafted { $0[place] ^= 1 << bit }
        if let event = try? RecordedEvent(envelope: bytes) { readAll(event) }
      }
    }
  }
}
