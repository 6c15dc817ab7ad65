internal import Synchronization

/// Accounts in memory, found by id, username or e-mail, and written through to the store.
///
/// All accounts of a development system fit in memory; each change is one small file.
final class AccountDirectory: Sendable {
  enum Taken: Error { case username, email }
  enum Change: Sendable { case applied(Account), taken(Taken), unknown }

  private struct State {
    var accounts: [String: Account] = [:]
    var usernames: [String: String] = [:]
    var emails: [String: String] = [:]
  }

  static let folder = "accounts"
  private let store: any IdentityStore
  private let state: Mutex<State>

  /// Loads every account.
  init(_ store: any IdentityStore) throws(IdentityStoreError) {
    self.store = store
    var state = State()
    for file in try store.load(folder: Self.folder) {
      guard let account = Account(encoded: file.bytes) else {
        throw IdentityStoreError("read account \(file.name): it is not an account")
      }
      state.accounts[account.id] = account
      guard !account.isDeleted else { continue }
      state.usernames[Self.folded(account.username)] = account.id
      state.emails[Self.folded(account.email)] = account.id
    }
    self.state = Mutex(state)
  }

  /// The account under an id, unless it is deleted.
  func account(id: String) -> Account? {
    state.withLock { $0.accounts[id] }.flatMap { $0.isDeleted ? nil : $0 }
  }

  /// The account of a username or an e-mail.
  func account(identifier: String) -> Account? {
    let folded = Self.folded(identifier)
    return state.withLock { state in
      (state.usernames[folded] ?? state.emails[folded]).flatMap { state.accounts[$0] }
    }
  }

  /// All accounts that are not deleted, oldest first.
  var all: [Account] {
    state.withLock { Array($0.accounts.values) }.filter { !$0.isDeleted }
      .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
  }

  /// Adds an account whose names are free, in memory and then in the store; blocks.
  func add(_ account: Account) throws -> Taken? {
    let taken = state.withLock { state -> Taken? in
      let username = Self.folded(account.username)
      let email = Self.folded(account.email)
      if state.usernames[username] != nil { return .username }
      if state.emails[email] != nil { return .email }
      state.accounts[account.id] = account
      state.usernames[username] = account.id
      state.emails[email] = account.id
      return nil
    }
    if let taken { return taken }
    do {
      try save(account)
    } catch {
      withdraw(account)
      throw error
    }
    return nil
  }

  /// Takes an account back whose making came to nothing; blocks.
  func discard(_ account: Account) throws {
    withdraw(account)
    try store.remove(folder: Self.folder, name: account.id)
  }

  private func withdraw(_ account: Account) {
    state.withLock { state in
      state.accounts[account.id] = nil
      state.usernames[Self.folded(account.username)] = nil
      state.emails[Self.folded(account.email)] = nil
    }
  }

  /// Changes an account in memory and then in the store; blocks.
  func change(_ id: String, _ body: @Sendable (inout Account) -> Void) throws -> Change {
    let change = state.withLock { state -> Change in
      guard let before = state.accounts[id], !before.isDeleted else { return .unknown }
      var after = before
      body(&after)
      let oldName = Self.folded(before.username)
      let newName = Self.folded(after.username)
      let oldEmail = Self.folded(before.email)
      let newEmail = Self.folded(after.email)
      if newName != oldName, state.usernames[newName] != nil { return .taken(.username) }
      if newEmail != oldEmail, state.emails[newEmail] != nil { return .taken(.email) }
      state.usernames[oldName] = nil
      state.emails[oldEmail] = nil
      if !after.isDeleted {
        state.usernames[newName] = id
        state.emails[newEmail] = id
      }
      state.accounts[id] = after
      return .applied(after)
    }
    if case .applied(let account) = change { try save(account) }
    return change
  }

  /// Saves what is the newest at the time of writing: of two changes at once the file ends with
  /// both.
  private func save(_ account: Account) throws {
    try saving.withLock { _ in
      let newest = state.withLock { $0.accounts[account.id] } ?? account
      try store.save(newest.encoded(), folder: Self.folder, name: account.id)
    }
  }
  private let saving = Mutex(())

  static func folded(_ text: String) -> String { text.lowercased() }
}
