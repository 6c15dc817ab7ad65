public import EventLogCore
public import MessagingCore
public import ProjectionsCore

/// A book as the sample projection keeps it.
public struct Book: Hashable, Sendable {
  /// Who wrote it.
  public var author: String
  /// What it is called.
  public var title: String
  /// How often it was changed.
  public var changes: UInt32

  /// Makes a book.
  public init(author: String, title: String, changes: UInt32 = 0) {
    self.author = author
    self.title = title
    self.changes = changes
  }

  static func encode(_ book: Book) -> [UInt8] {
    Array("\(book.changes)\u{1}\(book.author)\u{1}\(book.title)".utf8)
  }

  static func decode(_ bytes: [UInt8]) throws -> Book {
    let parts = String(decoding: bytes, as: UTF8.self)
      .split(separator: "\u{1}", omittingEmptySubsequences: false)
    guard parts.count == 3, let changes = UInt32(parts[0]) else {
      throw ReadModelError.damaged("a book")
    }
    return Book(author: String(parts[1]), title: String(parts[2]), changes: changes)
  }
}

/// A small projection with everything that a projection may have, for laws and measurements.
public struct Shelf: Projection {
  /// Books by author, then title.
  public static let byAuthor = Index<Book>("by-author") { book in
    [DocumentKey(book.author).with(book.title)]
  }
  /// Books by the first letter of their title; a book without a title is in none.
  public static let byLetter = Index<Book>("by-letter") { book in
    book.title.first.map { [DocumentKey(String($0))] } ?? []
  }
  /// The books, by the name of their stream.
  public static let books = Collection<Book>(
    "books",
    encode: Book.encode,
    decode: Book.decode,
    indexes: [byAuthor, byLetter]
  )
  /// How many books an author has.
  public static let booksOf = Counter("books-of")

  /// Service, name and version.
  public static let id = ProjectionID(service: "library", name: "shelf", version: 1)
  /// Which streams it folds.
  public static let categories: Set<Category> = ["book"]
  /// Which of their events it wants.
  public static let query = EventQuery.all
  /// The collections it writes.
  public static let collections: [any AnyCollection] = [books, booksOf]

  /// Why an event cannot be applied.
  public struct Unreadable: ClassifiedError {
    /// Trying again is useless.
    public var kind: ErrorKind { .permanent }
  }

  /// Whether events of the type `Broken` are refused.
  public let refusesBroken: Bool

  /// Makes the projection.
  public init(refusesBroken: Bool = true) { self.refusesBroken = refusesBroken }

  /// Folds one event.
  public func apply(
    _ event: RecordedEvent,
    to model: inout ReadModelTransaction
  ) throws {
    guard let stream = event.stream else { return }
    let key = DocumentKey(stream.text)
    switch event.type {
    case "Written":
      let book = try Book.decode(event.data)
      let old = try model.get(key, in: Self.books)
      if let old { try model.add(-1, to: Self.booksOf, at: DocumentKey(old.author)) }
      try model.add(1, to: Self.booksOf, at: DocumentKey(book.author))
      let changes = old.map { $0.changes + 1 } ?? 0
      try model.put(
        Book(author: book.author, title: book.title, changes: changes),
        at: key,
        in: Self.books
      )
    case "Burnt":
      guard let old = try model.get(key, in: Self.books) else { return }
      try model.add(-1, to: Self.booksOf, at: DocumentKey(old.author))
      try model.delete(key, in: Self.books)
    case "Broken":
      // Half an effect first: none of it may remain.
      try model.put(Book(author: "nobody", title: "half"), at: key, in: Self.books)
      try model.add(1, to: Self.booksOf, at: DocumentKey("nobody"))
      if refusesBroken { throw Unreadable() }
    default: break
    }
  }

  /// The event that a book was written, or written again.
  public static func written(_ author: String, _ title: String) -> NewEvent {
    NewEvent(type: "Written", data: Book.encode(Book(author: author, title: title)))
  }
  /// The event that a book is gone.
  public static let burnt = NewEvent(type: "Burnt")
  /// An event that cannot be applied.
  public static let broken = NewEvent(type: "Broken")
}
