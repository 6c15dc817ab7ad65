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

/// One document in an overlay, of whatever kind.
class AnyDocumentSlot {
  var isChanged = false
}

private final class DocumentSlot<Document: Sendable>: AnyDocumentSlot {
  /// The stored document; meaningless unless `isStoredKnown`.
  var stored: Document?
  var isStoredKnown: Bool
  var current: Document?

  init(stored: Document?, isStoredKnown: Bool, current: Document?) {
    self.stored = stored
    self.isStoredKnown = isStoredKnown
    self.current = current
  }
}

final class CollectionOverlay<Document: Sendable>: AnyCollectionOverlay {
  let name: String
  let document = ObjectIdentifier(Document.self)
  private let collection: Collection<Document>
  private let prefix: [UInt8]
  private let indexPrefixes: [[UInt8]]
  // Of no kind in particular: a dictionary of a generic value type is looked through by code that
  // asks the runtime for that type at every step, which took a fifth of a rebuild's time.
  private var slots: [DocumentKey: AnyDocumentSlot] = [:]
  private var changed: [(key: DocumentKey, slot: AnyDocumentSlot)] = []

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
    if let slot = slot(key) { return slot.current }
    let stored = try load(key, from: source)
    slots[key] = DocumentSlot(stored: stored, isStoredKnown: true, current: stored)
    return stored
  }

  func set(_ key: DocumentKey, _ document: Document?, from source: any ReadModelSource) throws {
    let known: DocumentSlot<Document>
    if let slot = slot(key) {
      slot.current = document
      known = slot
    } else {
      // Without indexes nobody needs to know what is replaced.
      let isStoredKnown = !indexPrefixes.isEmpty
      let stored = isStoredKnown ? try load(key, from: source) : nil
      known = DocumentSlot(stored: stored, isStoredKnown: isStoredKnown, current: document)
      slots[key] = known
    }
    guard !known.isChanged else { return }
    known.isChanged = true
    changed.append((key, known))
  }

  func flush(into batch: inout ReadModelBatch) throws {
    for (key, slot) in changed {
      let slot = typed(slot)
      if let document = slot.current {
        batch.put(prefix: prefix, key.bytes, try collection.encode(document))
      } else if slot.stored != nil || !slot.isStoredKnown {
        batch.delete(prefix + key.bytes)
      }
      flushIndexes(of: key, from: slot.stored, to: slot.current, into: &batch)
      slot.stored = slot.current
      slot.isStoredKnown = true
      slot.isChanged = false
    }
    changed.removeAll(keepingCapacity: true)
  }

  private func slot(_ key: DocumentKey) -> DocumentSlot<Document>? {
    slots[key].map(typed)
  }

  /// Only this overlay fills its slots, so their kind is known.
  private func typed(_ slot: AnyDocumentSlot) -> DocumentSlot<Document> {
    unsafeDowncast(slot, to: DocumentSlot<Document>.self)
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
