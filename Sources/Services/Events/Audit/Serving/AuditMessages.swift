internal import EventLogCore
internal import Foundation
internal import Schemas

extension Wordweave_Events_V1_AuditEntry {
  /// An event without its payload.
  init(_ event: RecordedEvent) {
    self.init()
    position = event.position.number
    if let name = event.stream { stream = name.text }
    if let place = event.revision { revision = place.number }
    id = Data(event.id.bytes)
    type = event.type.text
    recordedAt = event.recordedAt.microseconds
    removed = event.isRemoved
    for entry in event.metadata.entries {
      switch entry.key {
      case Metadata.Keys.actor: actor = entry.value
      case Metadata.Keys.correlationID: correlationID = entry.value
      case Metadata.Keys.causationID: causationID = entry.value
      case Metadata.Keys.occurredAt: occurredAt = entry.value
      default: break
      }
    }
  }
}

/// How many entries an answer holds.
enum AuditPageLimit {
  /// The caller's limit, or the default for 0.
  static func entries(_ asked: UInt32) throws(EventLogError) -> Int {
    let limit = asked == 0 ? AuditLimits.page : Int(asked)
    guard limit <= AuditLimits.pageMaximum else {
      throw .invalid("a page holds 1 to \(AuditLimits.pageMaximum) entries, not \(limit)")
    }
    return limit
  }
}
