internal import EventsService
internal import Glibc
internal import RedisDriver
internal import ServiceCatalog
internal import ServiceKit

/// What one process runs and where it listens.
struct PlatformConfiguration: Sendable {
  /// The folder that holds everything the process keeps.
  var data: String
  /// Where the log is; nil leaves it to the data directory.
  var log: LogChoice?
  /// Whether nothing is appended: a log that processes share is then left to whoever leads it.
  var onlyReads = false
  /// What proves to another process's Event Service who calls.
  var logToken: String?
  /// The address the listeners bind to; loopback unless told otherwise.
  var host = "127.0.0.1"
  /// The gateway's port; 0 lets the system choose.
  var port = 8080
  /// Where signed webhooks of the account provider arrive.
  var webhookPort = 8081
  /// Where other processes reach the Event Service; nil keeps it inside this process.
  var grpcPort: Int? = 50051
  /// What the Event Service shows to prove who it is.
  var grpcCertificate: EventServerSettings.Certificate?
  /// A PEM file with the certificates of other Event Services to trust; nil trusts the system's.
  var grpcTrust: String?
  /// Where others that share the log reach this process, if it is not where it listens.
  var grpcAdvertise: String?
  /// Whether calls to the Event Service must bear a token.
  var grpcTakesTokens = true
  /// The Redis where snapshots are shared with other processes; nil keeps them in this one.
  var redis: RedisSettings?
  /// What all processes that share snapshots know and Redis does not; nil takes the operator token.
  var redisSecret: String?
  /// The parts that run here; nil runs all.
  var only: [String]?

  /// The folder that is used when nobody names one (XDG Base Directory Specification 0.8).
  static func defaultData(_ environment: (String) -> String?) -> String {
    if let named = environment("WORDWEAVE_DATA"), !named.isEmpty { return named }
    if let base = environment("XDG_DATA_HOME"), base.hasPrefix("/") { return base + "/wordweave" }
    return (environment("HOME") ?? "/var/lib") + "/.local/share/wordweave"
  }

  /// Parts that `--only` may name.
  static let parts = ["gateway", "events"] + catalog.map { $0.name }.filter { $0 != "events" }

  /// Says what is wrong with the settings; nil if they can be run.
  var complaint: String? {
    for (name, port) in [
      ("--port", port), ("--webhook-port", webhookPort), ("--grpc-port", grpcPort ?? 0),
    ]
    where !(0...65_535).contains(port) {
      return "\(name) \(port) is no port: give 0…65535"
    }
    if runsEventsAlone, wouldShowTokens {
      return
        "tokens of the Event Service would cross the network in plain text: give --grpc-cert and "
        + "--grpc-key, or listen at 127.0.0.1"
    }
    guard let only else { return nil }
    if let unknown = only.first(where: { !Self.parts.contains($0) }) {
      return "--only names '\(unknown)'; the parts are \(Self.parts.joined(separator: ", "))"
    }
    if runsEventsAlone { return nil }
    let missing = Self.parts.filter { !only.contains($0) }
    return missing.isEmpty
      ? nil
      : "--only leaves out \(missing.joined(separator: ", ")): this version runs the Event Service "
        + "alone (--only events) or everything in one process; leave --only away"
  }

  /// The address the Event Service binds to.
  ///
  /// Beside a gateway that everybody may reach it stays on this machine until it has a certificate:
  /// its tokens would cross the network in plain text.
  var grpcHost: String { wouldShowTokens ? "127.0.0.1" : host }

  private var wouldShowTokens: Bool {
    grpcPort != nil && grpcTakesTokens && grpcCertificate == nil
      && !EventServerSettings.isLoopback(host)
  }

  /// Whether the log is served, and nothing that builds on it.
  var runsEventsAlone: Bool { only == ["events"] }
}

/// Reads a value of the process's environment.
func environment(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}
