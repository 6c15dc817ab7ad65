public import ProjectionsCore

extension KeyRange {
  /// The part of a range that a page begins with: `page` is the cursor of the page before, or
  /// nothing for the first.
  ///
  /// - Errors: `ValidationError` if the cursor lies outside the range, and so is of another list.
  public init(
    prefix: DocumentKey,
    page: some Sequence<UInt8>,
    isBackward: Bool = false
  ) throws(ValidationError) {
    let bytes = Array(page)
    guard !bytes.isEmpty else {
      self.init(prefix: prefix, isBackward: isBackward)
      return
    }
    guard bytes.count <= Self.cursorBytes, bytes.starts(with: prefix.bytes) else {
      throw ValidationError("after", "cursor-invalid", "The cursor is not of this list.")
    }
    self.init(prefix: prefix, after: DocumentKey(bytes: bytes), isBackward: isBackward)
  }

  /// Bytes of a cursor at most: two names of the log and an id fit with ease.
  private static var cursorBytes: Int { 1024 }
}
