/// The limits of every input, each with its reason.
package enum GatewayLimits {
  /// Bytes of a request target; longer ones are 414.
  ///
  /// Browsers and proxies agree on 8 KiB.
  package static let target = 8 * 1024
  /// Bytes of all header fields; more is 431.
  package static let headers = 16 * 1024
  /// What the decoder itself takes before it ends the connection with 400: above `headers`, so
  /// that the exact answers come from the responder.
  static let decoderHeaders = 64 * 1024
  /// Header fields of one request.
  static let headerFields = 128
  /// Bytes of a JSON body that holds a post: 512 KiB of text, every character escaped twice over.
  package static let postBody = 1024 * 1024
  /// Bytes of any other JSON body.
  package static let otherBody = 64 * 1024
  /// Bytes of an import.
  package static let importBody = 4 * 1024 * 1024
  /// Lines of an import: answers stay short enough to show progress.
  package static let importLines = 256
  /// Commands of an import that run side by side; as many as group commit gathers with ease.
  static let importWidth = 16
  /// Bytes of stored events that are restored at once: a page of the log, and one event more of the
  /// largest size.
  package static let restorationBody = 6 * 1024 * 1024
  /// Bytes of the path of a folder on the machine: what Linux takes (PATH_MAX).
  package static let folderPath = 4096
  /// Nesting of a JSON body: deeper ones serve only to exhaust the stack.
  package static let jsonDepth = 32
  /// Members and elements of a JSON body.
  package static let jsonMembers = 1000
  /// Characters of a title.
  static let title = 200
  /// Characters of a summary.
  static let summary = 500
  /// Bytes of a post's text.
  static let body = 512 * 1024
  /// Tags of a post, and characters of one.
  static let tags = 20
  static let tag = 50
  /// Names above a post.
  static let byline = 20
  /// Characters of a slug.
  static let slug = 80
  /// Characters of a username and of a display name; bytes of a bio and of an address.
  package static let username = 64
  package static let displayName = 100
  package static let bio = 2 * 1024
  package static let address = 2 * 1024
  /// Characters of an idempotency key and of a cursor.
  package static let idempotencyKey = 255
  package static let cursor = 512
  /// Bytes of a token.
  package static let token = 8 * 1024
  /// Accounts asked for by id at once.
  static let ids = 100
  /// Items of a page, when nobody says and at most.
  package static let page = 20
  package static let pageMaximum = 100
  /// Events of an admin page.
  static let eventPageMaximum = 1000
  /// Of the tail of the log, how long it says nothing: what a reader who left costs is held as long.
  static let tailBeat = Duration.seconds(15)
  /// Seconds that a read may wait for its floor, when nobody says and at most.
  package static let patience = 2
  package static let patienceMaximum = 10
  /// Requests at work at once; more are turned away before their bodies are read.
  package static let inFlight = 1024
  /// Seconds a body may take besides a second for each KiB: slow bodies hold memory and a place.
  static let bodySeconds = 10
}
