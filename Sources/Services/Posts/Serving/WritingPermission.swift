internal import GRPCCore
internal import Schemas
package import ServiceKit
internal import SwiftProtobuf

/// Asks the Users Service who may write.
package struct WritingPermission: Sendable {
  let clients: any ServiceClients

  /// The author of a command may not write.
  package struct Denied: ExplainedRejection, Hashable {
    /// `unknown`, `suspended` or `deleted`.
    package let standing: String
    package var code: String { "author-" + standing }
    package var reason: String { "The author's account may not write." }
    package var kind: RejectionKind { .forbidden }
  }

  /// Checks that the author and everybody named in the byline have accounts that may write.
  ///
  /// - Errors: `Denied` for the author, `ValidationError` for a name of the byline, what the call
  ///   says if the Users Service does not answer.
  package func check(author: String?, byline: [String], _ call: CallContext) async throws {
    let ids = (author.map { [$0] } ?? []) + byline.filter { $0 != author }
    guard !ids.isEmpty else { return }
    let standing = try await clients.users().getStanding(
      .with { $0.userIds = ids },
      metadata: call.forwarded
    )
    for entry in standing.entries where !entry.mayWrite {
      if entry.userID == author { throw Denied(standing: entry.reason) }
      let index = byline.firstIndex(of: entry.userID) ?? 0
      throw ValidationError(
        "byline/\(index)",
        "account-" + entry.reason,
        "The account does not exist, or may not write."
      )
    }
  }
}
