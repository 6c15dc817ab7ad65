/// A named set of keyed documents with secondary indexes.
///
/// Declared once per kind of document, as a constant:
/// ```swift
/// let posts = Collection<PostDocument>("posts", encode: …, decode: …, indexes: [byAuthor])
/// ```
public struct Collection<Document: Sendable>: Sendable {
  /// The name, unique within the projection; part of every stored key.
  public let name: String
  /// Turns a document into bytes.
  public let encode: @Sendable (Document) throws -> [UInt8]
  /// Turns bytes into a document.
  public let decode: @Sendable ([UInt8]) throws -> Document
  /// The secondary indexes.
  public let indexes: [Index<Document>]

  /// Declares a collection.
  public init(
    _ name: String,
    encode: @escaping @Sendable (Document) throws -> [UInt8],
    decode: @escaping @Sendable ([UInt8]) throws -> Document,
    indexes: [Index<Document>] = []
  ) {
    self.name = name
    self.encode = encode
    self.decode = decode
    self.indexes = indexes
  }
}

/// A secondary index: the entries under which a document is found, in key order.
public struct Index<Document: Sendable>: Sendable {
  /// The name, unique within the collection.
  public let name: String
  /// The entries of a document, none to many; the document's own key breaks ties.
  public let entries: @Sendable (Document) -> [DocumentKey]

  /// Declares an index.
  public init(_ name: String, _ entries: @escaping @Sendable (Document) -> [DocumentKey]) {
    self.name = name
    self.entries = entries
  }
}

/// A collection of any kind of document, as far as its name and indexes go.
public protocol AnyCollection: Sendable {
  /// The name, unique within the projection.
  var name: String { get }
}

extension Collection: AnyCollection {}

/// A named number per key; additions commute, so streams of any lane may share one.
public struct Counter: Hashable, Sendable, AnyCollection {
  /// The name, unique within the projection.
  public let name: String
  /// Declares a counter.
  public init(_ name: String) { self.name = name }
}

/// A stretch of keys, in key order.
public struct KeyRange: Hashable, Sendable {
  /// Keys that begin so.
  public var prefix: DocumentKey
  /// Exclusive start within the prefix; nil begins at its edge.
  public var after: DocumentKey?
  /// Whether to walk from higher to lower keys.
  public var isBackward: Bool

  /// Every key that begins with `prefix`, strictly beyond `after` in the direction of the walk.
  public init(
    prefix: DocumentKey = DocumentKey(),
    after: DocumentKey? = nil,
    isBackward: Bool = false
  ) {
    self.prefix = prefix
    self.after = after
    self.isBackward = isBackward
  }
}

/// One find of a walk over an index.
public struct IndexEntry<Document: Sendable>: Sendable {
  /// The index entry followed by the document's key: give it as `after` to go on from here.
  public let cursor: DocumentKey
  /// The document's key.
  public let key: DocumentKey
  /// The document.
  public let document: Document

  /// Makes a find.
  public init(cursor: DocumentKey, key: DocumentKey, document: Document) {
    self.cursor = cursor
    self.key = key
    self.document = document
  }
}
