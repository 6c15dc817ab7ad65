internal import Crypto
public import EventLogCore

// Where a stream belongs. Both are functions of the name's bytes alone and must never change:
// checkpoints, parked streams and every broker's bindings are laid out by them.
//
//   partition  fmix64(fnv1a64(utf8(stream))) mod P; without a stream the text of the event's id
//   category   the name before its first "-" if it fits [A-Za-z0-9_]{1,64},
//              else "x_" and the first 16 hex digits of the name's SHA-256; no stream: "none"

extension Category {
  /// The category of events without a stream.
  public static let none: Category = "none"
  /// The longest name that is a category as it is.
  private static let nameBytes = 64

  /// The category of a stream.
  public init(of stream: StreamName) {
    let name = stream.text.utf8.prefix { $0 != UInt8(ascii: "-") }
    let fits = (1...Self.nameBytes).contains(name.count) && name.allSatisfy(Self.isPlain)
    self.init(
      fits ? String(decoding: name, as: UTF8.self) : "x_" + Self.digest(stream.text)
    )
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func digest(_ text: String) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var hex: [UInt8] = []
    for byte in SHA256.hash(data: Array(text.utf8)).prefix(8) {
      hex.append(digits[Int(byte >> 4)])
      hex.append(digits[Int(byte & 15)])
    }
    return String(decoding: hex, as: UTF8.self)
  }
}

/// Which of `count` partitions a stream belongs to.
public enum Partition {
  /// The partition of a stream.
  public static func of(
    _ stream: StreamName,
    count: Int = MessagingLimits.partitions
  ) -> Int {
    of(text: stream.text, count: count)
  }

  /// The partition of an event; without a stream its id decides.
  public static func of(
    _ event: RecordedEvent,
    count: Int = MessagingLimits.partitions
  ) -> Int {
    of(text: event.stream?.text ?? event.id.description, count: count)
  }

  private static func of(text: String, count: Int) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash ^= hash >> 33
    hash &*= 0xff51_afd7_ed55_8ccd
    hash ^= hash >> 33
    hash &*= 0xc4ce_b9fe_1a85_ec53
    hash ^= hash >> 33
    return Int(hash % UInt64(count))
  }
}

extension RoutingKey {
  /// The key of an event in the first routing epoch.
  public init(of event: RecordedEvent) {
    let stream = event.stream
    self.init(
      epoch: MessagingLimits.firstRoutingEpoch,
      category: stream.map(Category.init(of:)) ?? .none,
      partition: stream.map { Partition.of($0) } ?? Partition.of(event)
    )
  }
}
