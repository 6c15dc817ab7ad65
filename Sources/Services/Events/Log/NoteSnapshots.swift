internal import EventLogCore
internal import Schemas
internal import ServiceKit
internal import SwiftProtobuf

/// What was noted at a stream, and where.
struct StreamNote: Hashable, Sendable {
  /// `StreamMetadata`, written down.
  let data: [UInt8]
  let position: GlobalPosition
}

/// The newest notes of control streams, shared with other processes.
///
/// A note is the last of its kind in a stream that also holds every removal: a stream that is truncated
/// each hour has its note thousands of events behind the end. What is kept says which note was the
/// newest after one event of the control stream; whoever uses it has read everything after that event.
///
/// The state is the position (8 bytes, big-endian) and the note; empty for none.
struct NoteSnapshots: Sendable {
  private static let shape = StateShape(name: "events.note", version: 1)
  private static let positionBytes = 8

  let queue: SnapshotQueue
  let store: EventStore

  func snapshot(of control: StreamName) async -> Snapshot? {
    await queue.store.snapshot(for: key(of: control))
  }

  func note(in snapshot: Snapshot) throws(EventLogError) -> StreamNote? {
    guard !snapshot.state.isEmpty else { return nil }
    guard snapshot.state.count >= Self.positionBytes else {
      throw .unavailable("a note of stream '\(snapshot.key.stream)' was kept without its position")
    }
    let position = snapshot.state.withUnsafeBytes { $0.bigEndian(UInt64.self, at: 0) }
    return StreamNote(
      data: Array(snapshot.state[Self.positionBytes...]),
      position: GlobalPosition(position)
    )
  }

  /// Shares what was found by reading back from `newest`.
  func save(_ note: StreamNote?, of control: StreamName, after newest: RecordedEvent) {
    var state: [UInt8] = []
    if let note {
      state.append(bigEndian: note.position.number)
      state += note.data
    }
    save(state, of: control, after: newest)
  }

  /// Shares what was kept as what is true after a later event.
  func save(_ kept: Snapshot, as newest: RecordedEvent) {
    save(kept.state, of: kept.key.stream, after: newest)
  }

  private func save(_ state: [UInt8], of control: StreamName, after newest: RecordedEvent) {
    guard let revision = newest.revision else { return }
    let key = key(of: control)
    let (position, id) = (newest.position, newest.id)
    queue.save(key) {
      Snapshot(key: key, revision: revision, position: position, eventID: id, state: state)
    }
  }

  private func key(of control: StreamName) -> SnapshotKey {
    SnapshotKey(log: store.identity, stream: control, shape: Self.shape)
  }
}
