// Shape and limits, on the caller's thread: the appender never sees a request that fails here.
// The order of the checks is the order in which laws L8 and L40 name the reasons.

extension AppendRequest {
  /// Checks shape, limits and ids.
  ///
  /// - Throws: `.emptyAppend`, `.invalid` or `.tooLarge`; nothing else.
  package func validate() throws(EventLogError) {
    let count = eventCount
    guard count > 0 else { throw .emptyAppend }
    try Limit.check("parts", parts.count, EventLogLimits.requestParts)
    try Limit.check("events", count, EventLogLimits.requestEvents)
    try validateParts()
    try condition?.failIfMatches.validate()
    if let tracking {
      try Limit.checkName("tracking source", tracking.source)
    }
    try Limit.check("request", eventBytes, EventLogLimits.requestBytes)
    if ids == .unique { try validateIDs(count) }
  }

  /// Bytes of all events as the limit of a request counts them: data, texts and metadata.
  package var eventBytes: Int {
    parts.reduce(0) { $1.events.reduce($0) { $0 + $1.countedBytes } }
  }

  private func validateParts() throws(EventLogError) {
    var streams: Set<NameKey> = []
    var index = 0
    for part in parts {
      if let stream = part.stream {
        try stream.validate(isReserved: isReserved)
        if parts.count > 1, !streams.insert(NameKey(stream)).inserted {
          throw .invalid("stream '\(stream)' occurs in two parts")
        }
      } else if part.expected != .any {
        throw .invalid("a part without a stream admits no expected revision but any")
      }
      for event in part.events {
        try event.validate(index: index, isReserved: isReserved)
        index += 1
      }
    }
  }

  private func validateIDs(_ count: Int) throws(EventLogError) {
    var ids: [EventID] = []
    ids.reserveCapacity(count)
    for part in parts {
      for event in part.events {
        guard let id = event.id else { continue }
        guard id != .none else { throw .invalid("the nil UUID names no event") }
        ids.append(id)
      }
    }
    guard ids.count > 1 else { return }
    var seen = SlotTable(for: ids.count)
    for (slot, id) in ids.enumerated() {
      guard seen.slot(of: id, in: ids) == nil else {
        throw .invalid("event id \(id) occurs twice")
      }
      seen.insert(slot, id)
    }
  }
}

extension StreamName {
  /// Checks length and characters; `$` in front is the log's own.
  package func validate(isReserved: Bool) throws(EventLogError) {
    // A control stream's limit is that of the stream it speaks of.
    try Limit.checkName("stream", isReserved ? controlled?.text ?? text : text)
    var previous: UInt8 = 0
    for byte in text.utf8 {
      // C0 and DEL are one byte; C1 is C2 80 … C2 9F.
      let isC1 = previous == 0xC2 && byte < 0xA0
      if byte < 0x20 || byte == 0x7F || isC1 {
        throw .invalid("a stream name holds no control character")
      }
      previous = byte
    }
    if !isReserved, text.utf8.first == UInt8(ascii: "$") {
      throw .invalid("stream names that begin with $ are the log's own")
    }
  }
}

extension NewEvent {
  /// Bytes as the limits of requests and queues count them.
  package var countedBytes: Int {
    var count = data.count + type.text.utf8.count + contentType.utf8.count
    for tag in tags { count += tag.text.utf8.count }
    for entry in metadata.entries { count += entry.key.utf8.count + entry.value.utf8.count }
    return count
  }

  fileprivate func validate(index: Int?, isReserved: Bool) throws(EventLogError) {
    try Limit.checkName("type", type.text, index)
    if !isReserved, type.text.utf8.first == UInt8(ascii: "$") {
      throw .invalid("event types that begin with $ are the log's own")
    }
    try Limit.check("data", data.count, EventLogLimits.dataBytes, index)
    try Limit.check(
      "content type",
      contentType.utf8.count,
      EventLogLimits.contentTypeBytes,
      index
    )
    try Limit.check("tags", tags.count, EventLogLimits.tags, index)
    for tag in tags { try Limit.checkName("tag", tag.text, index) }
    let entries = metadata.entries
    guard !entries.isEmpty else { return }
    try Limit.check("metadata entries", entries.count, EventLogLimits.metadataEntries, index)
    var bytes = 0
    for (place, entry) in entries.enumerated() {
      let count = entry.key.utf8.count
      guard count > 0 else { throw .invalid("a metadata key is empty") }
      try Limit.check("metadata key", count, EventLogLimits.metadataKeyBytes, index)
      bytes += count + entry.value.utf8.count
      if entries[..<place].contains(where: { $0.key.hasSameBytes(as: entry.key) }) {
        throw .invalid("metadata contains duplicate keys: '\(entry.key)'")
      }
    }
    try Limit.check("metadata", bytes, EventLogLimits.metadataBytes, index)
  }
}

extension RecordedEvent {
  /// Checks an event of an export by what holds for every event of a log; its envelope is sound.
  ///
  /// - Throws: `.invalid` or `.tooLarge`: an export may come from anywhere, and names that are no
  ///   names would stand in the indexes otherwise than they are read.
  package func validateRestored() throws(EventLogError) {
    guard hasTextualNames else {
      throw .invalid(
        "type, stream, tags or tracking source of the export's event \(position) are no UTF-8"
      )
    }
    try stream?.validate(isReserved: true)
    try Limit.check("data", dataCount, EventLogLimits.dataBytes)
    let event = NewEvent(type: type, contentType: contentType, tags: tags, metadata: metadata)
    try event.validate(index: nil, isReserved: true)
    if let tracking { try Limit.checkName("tracking source", tracking.source) }
  }
}

extension EventQuery {
  /// Checks the limits of a query.
  package func validate() throws(EventLogError) {
    try Limit.check("query items", items.count, EventLogLimits.queryItems)
    for item in items {
      try Limit.check("query types", item.types.count, EventLogLimits.queryTypes)
      try Limit.check("query tags", item.tags.count, EventLogLimits.queryTags)
      for type in item.types { try Limit.checkName("type", type.text) }
      for tag in item.tags { try Limit.checkName("tag", tag.text) }
    }
  }
}

private enum Limit {
  static func check(
    _ field: String,
    _ actual: Int,
    _ limit: Int,
    _ index: Int? = nil
  ) throws(EventLogError) {
    guard actual <= limit else {
      throw .tooLarge(field: field, eventIndex: index, limit: limit, actual: actual)
    }
  }

  static func checkName(
    _ field: String,
    _ text: String,
    _ index: Int? = nil
  ) throws(EventLogError) {
    let count = text.utf8.count
    guard count > 0 else { throw .invalid("a \(field) is empty") }
    try check(field, count, EventLogLimits.nameBytes, index)
  }
}
