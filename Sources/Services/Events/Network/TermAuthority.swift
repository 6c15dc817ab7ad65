package import EventLogCore

/// Who may call the Event Service of a log that several processes share: the bearers of tokens, and
/// those who know the secret of the term that this process leads.
package struct TermAuthority: CallAuthority {
  private let tokens: (any CallAuthority)?
  private let log: any LedEventLog

  /// - tokens: who else may call; nil lets nobody else.
  package init(_ tokens: (any CallAuthority)?, log: any LedEventLog) {
    self.tokens = tokens
    self.log = log
  }

  package func rights(of token: String) -> CallRights? {
    log.admits(token) ? .forward : tokens?.rights(of: token)
  }

  /// As those say who know the tokens; they are never asked about the secret of a term.
  package func name(of token: String) -> String {
    guard let tokens, !log.admits(token) else { return "token" }
    return tokens.name(of: token)
  }
}
