internal import GRPCCore
internal import Schemas

/// What the server knows of each call: the right it takes, and whether it is one that is answered at
/// once or a stream.
///
/// By name, since the table also holds calls of protocols that other rooms bring along.
struct CallTable: Sendable {
  /// One call.
  struct Entry: Sendable {
    /// The right it takes; nil for everybody's.
    let right: CallRights?
    /// Whether it is a stream, which has no deadline but the caller's.
    let isStream: Bool
    /// Whether who calls is noted with what it does.
    ///
    /// Reads and appends go without: they say for
    /// themselves who did what, and are called too often.
    var isRecorded = true
    /// Whether it takes many messages of its caller, for as long as the caller likes.
    var isUpload = false
    /// Whether one answer brings events, a megabyte of them or more.
    var isLarge = false

    /// Bytes of one message that a caller may send.
    var requestBytes: Int { right == nil ? CallTable.openBytes : EventCalls.requestBytes }
  }

  /// Bytes of one message of a call that nobody needs a right for: it holds the name of a service.
  static let openBytes = 1 << 10
  /// Bytes of one message of a call that nobody knows: enough for most to hear so, and not that
  /// their message is too large.
  static let unknownBytes = 64 << 10
  /// Streams at once, on a connection, of calls that nobody needs a right for.
  ///
  /// A client watches its connection, maybe each of the few services on it, and asks after them now
  /// and then. Whoever may do nothing else must not fill the process with calls.
  static let openStreams = 64

  private static let log = "wordweave.events.v1.EventLog"
  private static let streams = "wordweave.events.v1.Streams"
  private static let transfer = "wordweave.events.v1.Transfer"
  private static let administration = "wordweave.events.v1.Administration"
  private static let audit = "wordweave.events.v1.Audit"
  private static let replays = "wordweave.events.v1.Replays"
  private static let cluster = "wordweave.events.v1.Cluster"
  private static let umaDB = "umadb.v1.DCB"
  private static let health = "grpc.health.v1.Health"

  private static let entries: [String: Entry] = {
    var entries: [String: Entry] = [:]
    func add(
      _ right: CallRights?,
      _ service: String,
      _ calls: [String],
      isStream: Bool = false,
      isUpload: Bool = false,
      isLarge: Bool = false
    ) {
      let isRecorded = ![log, umaDB, health].contains(service)
      for call in calls {
        entries["\(service)/\(call)"] = Entry(
          right: right,
          isStream: isStream,
          isRecorded: isRecorded,
          isUpload: isUpload,
          isLarge: isLarge
        )
      }
    }
    add(.append, log, ["Append"])
    add(.read, log, ["ReadStreamPage", "ReadAllPage", "ReadEvent"], isLarge: true)
    add(.read, log, ["Head", "GetTracking"])
    add(.read, log, ["ReadStream", "ReadAll", "Subscribe", "WatchHead"], isStream: true)
    add(.read, streams, ["GetMetadata", "List"], isLarge: true)
    add(.append, streams, ["SetMetadata"])
    add(.admin, streams, ["Truncate", "Tombstone"])
    add(.admin, transfer, ["Export"], isStream: true)
    add(.admin, transfer, ["Import"], isStream: true, isUpload: true)
    add(.admin, transfer, ["Restore"])
    add(.admin, administration, ["Verify", "Rebuild", "Compare", "Replay"], isStream: true)
    add(.admin, audit, ["Search", "Trace", "History", "Compare", "FieldChanges"], isLarge: true)
    add(.admin, audit, ["Export"], isStream: true)
    add(.admin, administration, ["Backup", "Compact"], isStream: true)
    add(.admin, administration, ["Status", "GetLimits", "HandOverLeadership"])
    add(.admin, replays, ["Start", "Get", "List", "Cancel"])
    add(.forward, cluster, ["Append", "Restore"])
    add(.append, umaDB, ["Append"])
    add(.read, umaDB, ["Head", "GetTrackingInfo"])
    add(.read, umaDB, ["Read", "Subscribe"], isStream: true)
    add(nil, health, ["Check"])
    add(nil, health, ["Watch"], isStream: true)
    return entries
  }()

  /// What is not in the table takes the highest right.
  private static let unknown = Entry(right: .admin, isStream: false)

  /// What is known of a call; nil for one that is not in the table.
  static func known(_ method: MethodDescriptor) -> Entry? { entries[method.fullyQualifiedMethod] }

  /// What is known of a call, or what holds for those that are not.
  static func entry(_ method: MethodDescriptor) -> Entry {
    entries[method.fullyQualifiedMethod] ?? unknown
  }
}
