/// What the services accept at most; an import cuts or leaves out, and says so.
enum ImportLimits {
  static let titleCharacters = 200
  static let tagCharacters = 50
  static let bodyBytes = 512 << 10
  static let slugCharacters = 80
  static let usernameCharacters = 64
  static let displayNameCharacters = 100
  static let bioBytes = 2 << 10
  /// Commands of one request: few enough that progress moves, many enough that the round trip
  /// disappears beside the work.
  static let batchCommands = 64
  /// Bytes of one request; the gateway takes 4 MiB.
  static let batchBytes = 4 << 20
  /// Bytes of a file that an import reads: far more than a blog's history needs.
  static let fileBytes = 1 << 30
}
