internal import EventLogCore
internal import Foundation
internal import GRPCCore
internal import Schemas
internal import SwiftProtobuf

/// Streams as a whole, over gRPC: what is noted at them, removal, listing.
struct StreamsService: Wordweave_Events_V1_Streams.SimpleServiceProtocol {
  /// The type of the events in `$$S` that note something at stream S.
  static let noted: EventType = "$metadata"

  /// Notes looked at to find the newest: a control stream holds notes and removals, and removals
  /// are few.
  private static let controlPage = 64

  let store: EventStore
  let log: any LogAdministration
  /// Where notes are shared that lie far behind the end of a control stream.
  var notes: NoteSnapshots?

  func getMetadata(
    request: Wordweave_Events_V1_GetMetadataRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_GetMetadataResponse {
    try await answering(context) {
      let stream = StreamName(request.stream)
      var answer = Wordweave_Events_V1_GetMetadataResponse()
      let state = try await state(of: stream)
      answer.state = Wordweave_Events_V1_StreamState(state)
      if let note = try await newestNote(at: stream) {
        answer.metadata = try Wordweave_Events_V1_StreamMetadata(serializedBytes: note.data)
        answer.notedAt = note.position.number
      }
      answer.head = try await store.engine.head().number
      return answer
    }
  }

  func setMetadata(
    request: Wordweave_Events_V1_SetMetadataRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_StreamChange {
    try await answering(context) {
      let stream = try target(request.stream)
      try EventLogCore.Metadata(request.metadata.entries).checkAsNote()
      let event = NewEvent(
        id: request.hasID ? try EventID(message: request.id) : nil,
        type: Self.noted,
        data: try request.metadata.serializedBytes()
      )
      var asked = AppendRequest([
        StreamAppend(to: stream, expecting: try ExpectedRevision(request.expected), []),
        StreamAppend(to: stream.control, [event]),
      ])
      asked.isReserved = true
      return Wordweave_Events_V1_StreamChange(try await store.engine.append(asked.signed()))
    }
  }

  func truncate(
    request: Wordweave_Events_V1_TruncateRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_StreamChange {
    try await answering(context) {
      let asked = AppendRequest.truncating(
        try target(request.stream),
        before: StreamRevision(request.before),
        expecting: try ExpectedRevision(request.expected)
      )
      return Wordweave_Events_V1_StreamChange(try await store.engine.append(asked.signed()))
    }
  }

  func tombstone(
    request: Wordweave_Events_V1_TombstoneRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_StreamChange {
    try await answering(context) {
      let asked = AppendRequest.tombstoning(
        try target(request.stream),
        expecting: try ExpectedRevision(request.expected)
      )
      return Wordweave_Events_V1_StreamChange(try await store.engine.append(asked.signed()))
    }
  }

  func list(
    request: Wordweave_Events_V1_ListStreamsRequest,
    context: ServerContext
  ) async throws -> Wordweave_Events_V1_ListStreamsResponse {
    try await answering(context) {
      let limit = try PageLimit.events(request.limit)
      let token = NameToken(prefix: request.prefix)
      let after = request.pageToken.isEmpty ? nil : try token.place(in: request.pageToken)
      let found = try await log.streams(prefix: request.prefix, after: after, limit: limit)
      var answer = Wordweave_Events_V1_ListStreamsResponse()
      answer.streams = found.map { stream in
        var entry = Wordweave_Events_V1_ListedStream()
        entry.name = stream.name.text
        entry.state = Wordweave_Events_V1_StreamState(stream.state)
        return entry
      }
      if found.count == limit, let last = found.last { answer.pageToken = token.bytes(last.name) }
      answer.head = try await store.engine.head().number
      return answer
    }
  }

  /// A stream that callers may change: its control stream is named by us alone.
  private func target(_ name: String) throws(EventLogError) -> StreamName {
    let stream = StreamName(name)
    try stream.validate(isReserved: false)
    return stream
  }

  private func state(of stream: StreamName) async throws(EventLogError) -> StreamState {
    do throws(EventLogError) {
      let page = try await store.engine.read(
        stream,
        from: .max,
        direction: .backward,
        limit: 1
      )
      return page.stream ?? .neverWritten
    } catch {
      guard case .streamTombstoned = error else { throw error }
      return .tombstoned
    }
  }

  /// The newest note, looked for from the end; what others found far behind it is asked for once the
  /// first page has none.
  private func newestNote(at stream: StreamName) async throws -> StreamNote? {
    let control = stream.control
    var from = StreamRevision.max
    var newest: RecordedEvent?
    var kept: Snapshot?
    while true {
      let page = try await store.engine.read(
        control,
        from: from,
        direction: .backward,
        limit: Self.controlPage
      )
      let isFirst = newest == nil
      newest = newest ?? page.events.first
      if let note = page.events.first(where: { $0.type == Self.noted }) {
        let found = StreamNote(data: note.data, position: note.position)
        if !isFirst, let newest { notes?.save(found, of: control, after: newest) }
        return found
      }
      guard !page.isEnd, let last = page.events.last?.revision, last > .first else {
        if !isFirst, let newest { notes?.save(nil, of: control, after: newest) }
        return nil
      }
      if isFirst { kept = await notes?.snapshot(of: control) }
      // All events from the end down to that one are no notes, so what was true after it still is.
      if let kept, let notes, page.events.contains(where: kept.isTaken) {
        if !isFirst, let newest { notes.save(kept, as: newest) }
        return try notes.note(in: kept)
      }
      from = StreamRevision(last.number - 1)
    }
  }
}

extension EventLogCore.Metadata {
  /// Checks what is to be noted at a stream by the rules for an event's metadata.
  fileprivate func checkAsNote() throws(EventLogError) {
    let event = NewEvent(type: "Noted", metadata: self)
    try AppendRequest(to: nil, [event]).validate()
  }
}

extension Wordweave_Events_V1_StreamChange {
  /// What a request of a check and one control event came to.
  init(_ receipt: AppendReceipt) {
    self.init()
    position = receipt.lastPosition.number
    revision = receipt.parts.last?.lastRevision?.number ?? 0
    isRepeat = receipt.isRepeat
  }
}

/// Where a listing of names goes on: a checksum of the prefix, and the last name.
private struct NameToken {
  private static let digestBytes = 8
  private let digest: [UInt8]

  init(prefix: String) {
    var digest = QueryDigest()
    digest.feed("streams")
    digest.feed(prefix)
    var bytes: [UInt8] = []
    bytes.append(bigEndian: digest.value)
    self.digest = bytes
  }

  func bytes(_ last: StreamName) -> Data { Data(digest + Array(last.text.utf8)) }

  func place(in token: Data) throws(EventLogError) -> StreamName {
    guard token.count > Self.digestBytes, token.starts(with: digest),
      let name = String(bytes: token.dropFirst(Self.digestBytes), encoding: .utf8)
    else { throw .invalid("the page token belongs to another listing") }
    return StreamName(name)
  }
}
