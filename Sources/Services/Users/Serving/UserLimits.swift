/// What requests about users may hold at most; each is tested at the limit and one past it.
package enum UserLimits {
  /// Characters of a username.
  package static let usernameCharacters = 64
  /// Bytes of a folded username: with its tag's prefix it must fit a name of the log.
  package static let foldedUsernameBytes = 200
  /// Characters of a display name.
  package static let displayNameCharacters = 100
  /// Bytes of a bio.
  package static let bioBytes = 2 << 10
  /// Bytes of a picture's address.
  package static let imageBytes = 2 << 10
  /// Letters or digits of an id behind `user_`.
  package static let idCharacters = 64
  /// Bytes of the reason of a suspension.
  package static let reasonBytes = 2 << 10
  /// Ids of one request.
  package static let ids = 100
  /// Names that are tried for a provisional account.
  package static let provisionalNames = 8
}
