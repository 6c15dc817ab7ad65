public import MessagingCore

/// What a projection folds events into: the documents, counters and lane rows of one generation.
///
/// - Shape: reads see the transaction's own changes, then the store; nothing is visible outside
///   before the commit, which writes everything in one batch or nothing. There are no range reads,
///   since lanes run in parallel. A copy shares the changes of the original.
/// - Errors: what the collection's coding throws; `ReadModelError` of the store.
/// - Source: architecture, decision 8; messaging laws M9 and M10.
public struct ReadModelTransaction: LaneTransaction {
  let overlay: TransactionOverlay

  init(source: any ReadModelSource, generation: UInt32) {
    overlay = TransactionOverlay(source: source, generation: generation)
  }

  /// The document at a key; nil if there is none.
  public func get<Document>(
    _ key: DocumentKey,
    in collection: Collection<Document>
  ) throws -> Document? {
    try overlay.documents(of: collection).get(key, from: overlay.source)
  }

  /// Sets the document at a key, with its index entries.
  public mutating func put<Document>(
    _ document: Document,
    at key: DocumentKey,
    in collection: Collection<Document>
  ) throws {
    try overlay.documents(of: collection).set(key, document, from: overlay.source)
  }

  /// Deletes the document at a key, with its index entries.
  public mutating func delete<Document>(
    _ key: DocumentKey,
    in collection: Collection<Document>
  ) throws {
    try overlay.documents(of: collection).set(key, nil, from: overlay.source)
  }

  /// Adds to a counter, which may thereby fall below 0.
  public mutating func add(_ delta: Int64, to counter: Counter, at key: DocumentKey) throws {
    guard delta != 0 else { return }
    overlay.counters(named: counter.name).add(delta, at: key)
  }
}

/// The changes of a transaction.
///
/// One thread at a time works on it.
final class TransactionOverlay {
  let source: any ReadModelSource
  let generation: UInt32
  // Few collections, short names: looking through them beats hashing.
  private var collections: [any AnyCollectionOverlay] = []
  private var counters: [CounterOverlay] = []
  var lanes = LaneOverlay()

  init(source: any ReadModelSource, generation: UInt32) {
    self.source = source
    self.generation = generation
  }

  /// How many documents are kept decoded.
  var documentCount: Int { collections.reduce(0) { $0 + $1.count } }

  func documents<Document>(
    of collection: Collection<Document>
  ) throws -> CollectionOverlay<Document> {
    for overlay in collections where overlay.name == collection.name {
      guard overlay.document == ObjectIdentifier(Document.self) else {
        throw ReadModelError.misdeclared(
          "collection '\(collection.name)' is declared with two kinds of document"
        )
      }
      // The type was compared just before; a checked cast costs more than the look-up itself.
      return unsafeDowncast(overlay, to: CollectionOverlay<Document>.self)
    }
    let overlay = CollectionOverlay(collection, generation: generation)
    collections.append(overlay)
    return overlay
  }

  func counters(named name: String) -> CounterOverlay {
    for overlay in counters where overlay.name == name { return overlay }
    let overlay = CounterOverlay(name, generation: generation)
    counters.append(overlay)
    return overlay
  }

  /// Everything that changed, as a batch; the decoded documents stay for the next one.
  func flush() throws -> ReadModelBatch {
    var batch = ReadModelBatch()
    for overlay in collections { try overlay.flush(into: &batch) }
    for overlay in counters { overlay.flush(into: &batch) }
    lanes.flush(into: &batch, generation: generation)
    return batch
  }

  /// Forgets the changes and everything that was read.
  func reset() {
    collections.removeAll()
    counters.removeAll()
    lanes = LaneOverlay()
  }
}

/// The sums that one transaction adds to one counter; only they are stored, so that lanes share it.
final class CounterOverlay {
  let name: String
  private let prefix: [UInt8]
  private var deltas: [DocumentKey: Int64] = [:]

  init(_ name: String, generation: UInt32) {
    self.name = name
    prefix = RowKeys.collection(.counter, name, of: generation)
  }

  func add(_ delta: Int64, at key: DocumentKey) { deltas[key, default: 0] &+= delta }

  func flush(into batch: inout ReadModelBatch) {
    for (key, delta) in deltas where delta != 0 { batch.add(prefix + key.bytes, delta) }
    deltas.removeAll(keepingCapacity: true)
  }
}
