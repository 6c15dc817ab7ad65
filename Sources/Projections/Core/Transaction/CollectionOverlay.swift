internal import EventLogCore

/// What one transaction knows of one collection.
///
/// Documents stay decoded between events, so that many events of one stream in a batch decode and
/// encode it once; index entries are compared once too, the stored document's against the last.
protocol AnyCollectionOverlay: AnyObject {
  var name: String { get }
  /// The kind of its documents.
  var document: ObjectIdentifier { get }
  /// How many documents it holds.
  var count: Int { get }
  /// Adds the changes to a batch; the documents stay, as they then are in the store.
  func flush(into batch: inout ReadModelBatch) throws
}

final class CollectionOverlay<Document: Sendable>: AnyCollectionOverlay {
  private struct Slot {
    /// The stored document; meaningless unless `isStoredKnown`.
    var stored: Document?
    var isStoredKnown: Bool
    var current: Document?
    var isChanged: Bool
  }

  let name: String
  let document = ObjectIdentifier(Document.self)
  private let collection: Collection<Document>
  private let prefix: [UInt8]
  private let indexPrefixes: [[UInt8]]
  private var slots: [DocumentKey: Slot] = [:]
  private var changed: [DocumentKey] = []

  init(_ collection: Collection<Document>, generation: UInt32) {
    name = collection.name
    self.collection = collection
    prefix = RowKeys.collection(.document, collection.name, of: generation)
    indexPrefixes = collection.indexes.map {
      RowKeys.index($0.name, of: collection.name, in: generation)
    }
  }

  var count: Int { slots.count }

  func get(_ key: DocumentKey, from source: any ReadModelSource) throws -> Document? {
    if let slot = slots[key] { return slot.current }
    let stored = try load(key, from: source)
    slots[key] = Slot(stored: stored, isStoredKnown: true, current: stored, isChanged: false)
    return stored
  }

  func set(_ key: DocumentKey, _ document: Document?, from source: any ReadModelSource) throws {
    let isNew = try slots.withSlot(key) { slot in
      if slot == nil {
        // Without indexes nobody needs to know what is replaced.
        let isStoredKnown = !indexPrefixes.isEmpty
        let stored = isStoredKnown ? try load(key, from: source) : nil
        slot = Slot(
          stored: stored,
          isStoredKnown: isStoredKnown,
          current: document,
          isChanged: true
        )
        return true
      }
      let wasChanged = slot?.isChanged ?? false
      slot?.current = document
      slot?.isChanged = true
      return !wasChanged
    }
    if isNew { changed.append(key) }
  }

  func flush(into batch: inout ReadModelBatch) throws {
    for key in changed {
      try slots.withSlot(key) { slot in
        guard let old = slot else { return }
        if let document = old.current {
          batch.put(prefix: prefix, key.bytes, try collection.encode(document))
        } else if old.stored != nil || !old.isStoredKnown {
          batch.delete(prefix + key.bytes)
        }
        flushIndexes(of: key, from: old.stored, to: old.current, into: &batch)
        slot?.stored = old.current
        slot?.isStoredKnown = true
        slot?.isChanged = false
      }
    }
    changed.removeAll(keepingCapacity: true)
  }

  private func flushIndexes(
    of key: DocumentKey,
    from old: Document?,
    to new: Document?,
    into batch: inout ReadModelBatch
  ) {
    for (number, prefix) in indexPrefixes.enumerated() {
      let index = collection.indexes[number]
      let before = old.map(index.entries) ?? []
      let after = new.map(index.entries) ?? []
      for entry in before where !after.contains(entry) {
        batch.delete(prefix + entry.bytes + key.bytes)
      }
      for entry in after where !before.contains(entry) {
        batch.put(prefix + entry.bytes + key.bytes, IndexRow.value(entry: entry))
      }
    }
  }

  private func load(
    _ key: DocumentKey,
    from source: any ReadModelSource
  ) throws -> Document? {
    guard let bytes = try source.get(prefix + key.bytes) else { return nil }
    return try collection.decode(bytes)
  }
}

extension Dictionary {
  /// Changes an entry in place, looking it up once.
  fileprivate mutating func withSlot<R>(
    _ key: Key,
    _ body: (inout Value?) throws -> R
  ) rethrows -> R {
    try body(&self[key])
  }
}

/// The value of an index row: the length of its entry, so that the document's key can be told.
enum IndexRow {
  static func value(entry: DocumentKey) -> [UInt8] {
    var value: [UInt8] = []
    value.append(littleEndian: UInt32(entry.bytes.count))
    return value
  }

  static func documentKey(cursor: ArraySlice<UInt8>, value: [UInt8]) throws -> DocumentKey {
    guard value.count == 4 else { throw ReadModelError.damaged("an index entry") }
    let length = Int(value.withUnsafeBytes { $0.littleEndian(UInt32.self, at: 0) })
    guard length <= cursor.count else { throw ReadModelError.damaged("an index entry") }
    return DocumentKey(bytes: Array(cursor.dropFirst(length)))
  }
}
