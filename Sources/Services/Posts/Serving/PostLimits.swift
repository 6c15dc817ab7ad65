/// What requests about posts may hold at most; each is tested at the limit and one past it.
package enum PostLimits {
  /// Characters of a title.
  package static let titleCharacters = 200
  /// Characters of a summary.
  package static let summaryCharacters = 500
  /// Bytes of a body: an event holds it whole, together with everything else.
  package static let bodyBytes = 512 << 10
  /// Tags of a post.
  package static let tags = 20
  /// Characters of a tag.
  package static let tagCharacters = 50
  /// Bytes of a cover's address.
  package static let coverBytes = 2 << 10
  /// Accounts named above a post.
  package static let byline = 20
  /// Bytes of an account's id.
  package static let accountIDBytes = 69
  /// Bytes of the reason of a deletion.
  package static let reasonBytes = 2 << 10
  /// Changes that one answer lists, for merging after a lost race.
  package static let changes = 100
}
