internal import Gateway
internal import NIOCore

/// An account of the stand-in: what a foreign identity provider would keep.
///
/// Passwords are kept as scrypt hashes, outside the log; nothing of this is an event.
public struct Account: Sendable {
  /// One sign-in; alive until it is ended.
  struct Session: Sendable {
    let id: String
    /// SHA-256 of the secret, in base64url: who reads the file cannot sign in with it.
    let secretDigest: String
    /// Microseconds since 1970.
    let createdAt: Int64
    /// Microseconds since 1970.
    let expiresAt: Int64
  }

  /// `user_…`.
  public let id: String
  var username: String
  var email: String
  var image: String
  /// `$scrypt$ln=…,r=…,p=…$salt$key`.
  var password: String
  let createdAt: Int64
  var updatedAt: Int64
  var sessions: [Session] = []
  var isDeleted = false
}

extension Account {
  /// Sessions that one account may have; the oldest is ended for a new one.
  static let sessionLimit = 50

  /// The account as one line of JSON.
  func encoded() -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("id", id)
      writer.member("username", username)
      writer.member("email", email)
      writer.member("image", image)
      writer.member("password", password)
      writer.member("createdAt", createdAt)
      writer.member("updatedAt", updatedAt)
      writer.member("deleted", isDeleted)
      writer.key("sessions")
      writer.array { writer in
        for session in sessions {
          writer.object {
            $0.member("id", session.id)
            $0.member("secret", session.secretDigest)
            $0.member("createdAt", session.createdAt)
            $0.member("expiresAt", session.expiresAt)
          }
        }
      }
    }
    return Array(writer.buffer.readableBytesView)
  }

  /// Reads what `encoded` wrote; nil for anything else.
  init?(encoded bytes: [UInt8]) {
    guard let value = try? JSONReader.value(of: bytes), let id = value["id"]?.text,
      let username = value["username"]?.text, let email = value["email"]?.text,
      let image = value["image"]?.text, let password = value["password"]?.text,
      let createdAt = value["createdAt"]?.integer, let updatedAt = value["updatedAt"]?.integer,
      case .bool(let isDeleted)? = value["deleted"], case .array(let sessions)? = value["sessions"]
    else { return nil }
    self.init(
      id: id,
      username: username,
      email: email,
      image: image,
      password: password,
      createdAt: createdAt,
      updatedAt: updatedAt,
      isDeleted: isDeleted
    )
    for session in sessions {
      guard let id = session["id"]?.text, let secret = session["secret"]?.text,
        let createdAt = session["createdAt"]?.integer, let expiresAt = session["expiresAt"]?.integer
      else { return nil }
      self.sessions.append(
        Session(id: id, secretDigest: secret, createdAt: createdAt, expiresAt: expiresAt)
      )
    }
  }
}
