public import GRPCCore
package import Schemas

/// The services that the gateway asks, whatever transport leads there.
public struct Upstreams: Sendable {
  package let users: any Wordweave_Users_V1_Users.ClientProtocol
  package let posts: any Wordweave_Posts_V1_Posts.ClientProtocol
  package let eventLog: any Wordweave_Events_V1_EventLog.ClientProtocol
  package let administration: any Wordweave_Events_V1_Administration.ClientProtocol
  package let audit: any Wordweave_Events_V1_Audit.ClientProtocol
  package let transfer: any Wordweave_Events_V1_Transfer.ClientProtocol
  package let replays: any Wordweave_Events_V1_Replays.ClientProtocol

  /// Reaches every service through one client; whoever made the client runs it.
  public init(_ client: GRPCClient<some ClientTransport>) {
    self.init(users: client, posts: client, events: client)
  }

  /// Reaches each service through a client of its own.
  public init(
    users: GRPCClient<some ClientTransport>,
    posts: GRPCClient<some ClientTransport>,
    events: GRPCClient<some ClientTransport>
  ) {
    self.users = Wordweave_Users_V1_Users.Client(wrapping: users)
    self.posts = Wordweave_Posts_V1_Posts.Client(wrapping: posts)
    eventLog = Wordweave_Events_V1_EventLog.Client(wrapping: events)
    administration = Wordweave_Events_V1_Administration.Client(wrapping: events)
    audit = Wordweave_Events_V1_Audit.Client(wrapping: events)
    transfer = Wordweave_Events_V1_Transfer.Client(wrapping: events)
    replays = Wordweave_Events_V1_Replays.Client(wrapping: events)
  }

  /// Reaches services through whatever clients there are, such as direct ones in one process.
  package init(
    users: any Wordweave_Users_V1_Users.ClientProtocol,
    posts: any Wordweave_Posts_V1_Posts.ClientProtocol,
    eventLog: any Wordweave_Events_V1_EventLog.ClientProtocol,
    administration: any Wordweave_Events_V1_Administration.ClientProtocol,
    audit: any Wordweave_Events_V1_Audit.ClientProtocol,
    transfer: any Wordweave_Events_V1_Transfer.ClientProtocol,
    replays: any Wordweave_Events_V1_Replays.ClientProtocol
  ) {
    self.users = users
    self.posts = posts
    self.eventLog = eventLog
    self.administration = administration
    self.audit = audit
    self.transfer = transfer
    self.replays = replays
  }

  /// Reaches users and posts as given, and the Event Service through a client.
  package init(
    users: any Wordweave_Users_V1_Users.ClientProtocol,
    posts: any Wordweave_Posts_V1_Posts.ClientProtocol,
    events: GRPCClient<some ClientTransport>
  ) {
    self.users = users
    self.posts = posts
    eventLog = Wordweave_Events_V1_EventLog.Client(wrapping: events)
    administration = Wordweave_Events_V1_Administration.Client(wrapping: events)
    audit = Wordweave_Events_V1_Audit.Client(wrapping: events)
    transfer = Wordweave_Events_V1_Transfer.Client(wrapping: events)
    replays = Wordweave_Events_V1_Replays.Client(wrapping: events)
  }

  /// How long a read may take, its waiting excluded.
  package static let readTimeout = Duration.seconds(5)
  package static let readOptions = options(timeout: readTimeout)
  package static let writeOptions = options(timeout: .seconds(10))

  package static func options(timeout: Duration?) -> CallOptions {
    var options = CallOptions.defaults
    options.timeout = timeout
    return options
  }
}

/// A service's answer with what its metadata tells.
package struct Answer<Message: Sendable>: Sendable {
  /// The message.
  package let message: Message
  /// Where it was written, or what it reflects.
  package let position: UInt64?
  /// Whether the command had been carried out before.
  package let isRepeat: Bool

  /// Takes a response apart; for a refusal throws the `RPCError`.
  package init(_ response: ClientResponse<Message>) throws {
    message = try response.message
    let first = response.metadata
    let last = response.trailingMetadata
    position = (first.first("ww-position") ?? last.first("ww-position")).flatMap { UInt64($0) }
    isRepeat = (first.first("ww-replayed") ?? last.first("ww-replayed")) == "1"
  }
}
