internal import Crypto
public import EventLogCore

extension EventID {
  /// The id of a command's event: UUIDv5 (RFC 9562, 5.5) of the command's id as namespace and the
  /// event's index in decimal as name.
  ///
  /// The same command therefore always asks for the same ids, and the log recognises it.
  public init(of command: EventID, index: Int) {
    var hash = Insecure.SHA1()
    (command.bytes + Array(String(index).utf8)).withUnsafeBytes { hash.update(bufferPointer: $0) }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for (index, byte) in hash.finalize().enumerated() {
      if index < 8 {
        high = high << 8 | UInt64(byte)
      } else if index < 16 {
        low = low << 8 | UInt64(byte)
      }
    }
    self.init(
      high: high & 0xFFFF_FFFF_FFFF_0FFF | 0x5000,
      low: low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    )
  }
}
