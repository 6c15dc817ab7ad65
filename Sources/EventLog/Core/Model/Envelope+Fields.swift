// Where the texts of an envelope lie, for who has its bytes and wants no copy.

extension Envelope {
  /// The bytes of the event's type.
  package static func type(of envelope: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    part(of: envelope, from: Offset.type, Int(envelope[Offset.typeLength]))
  }

  /// The bytes of all tags, each behind its length.
  package static func tags(of envelope: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let begin =
      Offset.type + Int(envelope[Offset.typeLength]) + Int(envelope[Offset.streamLength])
      + Int(envelope[Offset.contentTypeLength])
    return part(
      of: envelope,
      from: begin,
      Int(envelope.littleEndian(UInt32.self, at: Offset.tagsLength))
    )
  }

  /// Visits the bytes of each tag, in the order given.
  package static func forEachTag(
    of envelope: UnsafeRawBufferPointer,
    _ visit: (UnsafeRawBufferPointer) -> Void
  ) {
    let tags = tags(of: envelope)
    var place = 0
    while place < tags.count {
      let length = Int(tags[place])
      visit(part(of: tags, from: place + 1, length))
      place += 1 + length
    }
  }

  private static func part(
    of bytes: UnsafeRawBufferPointer,
    from begin: Int,
    _ count: Int
  ) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[begin..<(begin + count)])
  }
}
