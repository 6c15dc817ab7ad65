internal import EventLogCore

/// A sound envelope where it lies, so that a scan decides without copying or decoding it.
struct RawEnvelope {
  let bytes: UnsafeRawBufferPointer

  var type: UnsafeRawBufferPointer {
    part(Envelope.Offset.type, Int(bytes[Envelope.Offset.typeLength]))
  }

  /// Whether the event is in the control stream of `stream`.
  var isControl: Bool { bytes[Envelope.Offset.flags] & Envelope.Flag.control != 0 }

  /// The stored name, for a control stream that of the stream it speaks of; empty for an event
  /// without a stream.
  var stream: UnsafeRawBufferPointer {
    part(
      Envelope.Offset.type + Int(bytes[Envelope.Offset.typeLength]),
      Int(bytes[Envelope.Offset.streamLength])
    )
  }

  var position: UInt64 { bytes.littleEndian(UInt64.self, at: Envelope.Offset.position) }
  var revision: UInt64 { bytes.littleEndian(UInt64.self, at: Envelope.Offset.revision) }
  var isRemoved: Bool { bytes[Envelope.Offset.flags] & Envelope.Flag.removed != 0 }
  var hasStream: Bool { bytes[Envelope.Offset.flags] & Envelope.Flag.stream != 0 }

  func forEachTag(_ visit: (UnsafeRawBufferPointer) -> Void) {
    var index = tagsBegin
    for _ in 0..<bytes[Envelope.Offset.tagCount] {
      let count = Int(bytes[index])
      visit(part(index + 1, count))
      index += 1 + count
    }
  }

  private var tagsBegin: Int {
    Envelope.Offset.type + Int(bytes[Envelope.Offset.typeLength])
      + Int(bytes[Envelope.Offset.streamLength]) + Int(bytes[Envelope.Offset.contentTypeLength])
  }

  private func part(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[start..<(start + count)])
  }
}
