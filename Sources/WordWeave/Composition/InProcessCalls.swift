internal import EventsService
internal import GRPCCore
internal import Schemas
internal import ServiceKit
internal import Synchronization

/// Where the services of this process find each other.
///
/// Filled while the services are assembled; asked only once they all run.
final class LocalServices: ServiceClients {
  private struct Found: Sendable {
    var users: (any Wordweave_Users_V1_Users.ServiceProtocol)?
    var posts: (any Wordweave_Posts_V1_Posts.ServiceProtocol)?
  }
  private let found = Mutex(Found())

  /// Takes up what an assembled service answers.
  func add(_ services: [any RegistrableRPCService]) {
    found.withLock { found in
      for service in services {
        if let users = service as? any Wordweave_Users_V1_Users.ServiceProtocol {
          found.users = users
        }
        if let posts = service as? any Wordweave_Posts_V1_Posts.ServiceProtocol {
          found.posts = posts
        }
      }
    }
  }

  func users() throws -> any Wordweave_Users_V1_Users.ClientProtocol {
    guard let users = found.withLock({ $0.users }) else { throw Self.missing("users") }
    return Wordweave_Users_V1_Users.DirectClient(users)
  }

  func posts() throws -> any Wordweave_Posts_V1_Posts.ClientProtocol {
    guard let posts = found.withLock({ $0.posts }) else { throw Self.missing("posts") }
    return Wordweave_Posts_V1_Posts.DirectClient(posts)
  }

  private static func missing(_ name: String) -> RPCError {
    RPCError(code: .unavailable, message: "the service '\(name)' does not run in this process")
  }
}

/// The Event Service as this process itself asks it: its answers are streams.
struct LocalEventService: Sendable {
  let server: GRPCServer<LocalTransport.Server>
  let client: GRPCClient<LocalTransport.Client>

  init(_ services: [any RegistrableRPCService]) {
    let transport = LocalTransport.Server()
    server = GRPCServer(
      transport: transport,
      services: services,
      interceptors: EventsModule.interceptors
    )
    client = GRPCClient(transport: LocalTransport.Client(server: transport))
  }
}
