public import EventLogCore
internal import Glibc
public import Testing

/// How the laws make engines of one kind.
///
/// - Shape: an engine lives at a path of its own below the system's temporary folder; engines
///   that keep nothing ignore it.
public struct EventLogFixture: Sendable, CustomTestStringConvertible {
  /// The engine's name, as test reports show it.
  public let name: String
  /// Whether a log is there again when it is opened at the same path (L41 to L45).
  public let isPersistent: Bool
  /// How many times fewer rounds the laws run that try much the same again and again.
  private let divisor: Int
  private let open: Open
  private let removeKept: Remove

  /// Removes what an engine keeps elsewhere than below its path.
  public typealias Remove = @Sendable (_ path: String) async -> Void

  /// Opens an engine at a path, which it makes if it is not there; `recordedAt` comes from `clock`.
  public typealias Open =
    @Sendable (
      _ path: String,
      _ clock: @escaping @Sendable () -> Timestamp
    ) async throws -> any EventLogEngine

  /// Makes a fixture.
  public init(
    _ name: String,
    isPersistent: Bool,
    remove: @escaping Remove = { _ in },
    open: @escaping Open
  ) {
    self.init(name, isPersistent: isPersistent, divisor: 1, remove: remove, open: open)
  }

  private init(
    _ name: String,
    isPersistent: Bool,
    divisor: Int,
    remove: @escaping Remove,
    open: @escaping Open
  ) {
    self.name = name
    self.isPersistent = isPersistent
    self.divisor = divisor
    self.removeKept = remove
    self.open = open
  }

  /// A call over a connection takes some hundred times what it takes inside a process.
  private static let divisorOfWrapped = 5

  /// The rounds of a law that tries much the same again and again, of `count` when calls are quick.
  func rounds(_ count: Int) -> Int { max(1, count / divisor) }

  /// The same engines behind something else, such as a network; laws run fewer rounds then.
  ///
  /// What `wrap` makes closes the engine that it was given; it is closed here if none is made.
  public func behind(
    _ name: String,
    _ wrap: @escaping @Sendable (any EventLogEngine) async throws -> any EventLogEngine
  ) -> EventLogFixture {
    let open = open
    return EventLogFixture(
      "\(name) over \(self.name)",
      isPersistent: isPersistent,
      divisor: Self.divisorOfWrapped,
      remove: removeKept
    ) { path, clock in
      let engine = try await open(path, clock)
      do {
        return try await wrap(engine)
      } catch {
        await engine.close()
        throw error
      }
    }
  }

  /// The engine's name.
  public var testDescription: String { name }

  /// Lends a fresh log; it is closed and its files are removed afterwards.
  public func withLog<R>(
    clock: @escaping @Sendable () -> Timestamp = { .now },
    _ body: (LogUnderTest) async throws -> R
  ) async throws -> R {
    _ = Self.swept
    let path = "\(Self.temporaryFolder)/\(Self.prefix)\(getpid())-\(EventID.make())"
    let open = open
    let log = LogUnderTest(
      path: path,
      engine: try await open(path, clock),
      open: { path in try await open(path, clock) }
    )
    do {
      let result = try await body(log)
      await log.engine.close()
      await removeKept(path)
      Self.remove(path)
      return result
    } catch {
      await log.engine.close()
      await removeKept(path)
      Self.remove(path)
      throw error
    }
  }

  /// Lends the engine of a fresh log.
  public func withEngine<R>(
    _ body: (any EventLogEngine) async throws -> R
  ) async throws -> R {
    try await withLog { log in try await body(log.engine) }
  }

  private static var temporaryFolder: String {
    guard let folder = getenv("TMPDIR") else { return "/tmp" }
    return String(cString: folder)
  }

  private static let prefix = "wordweave-laws-"

  /// Removes, once, what runs left behind that were killed: the name bears the process.
  private static let swept: Void = {
    for name in names(in: temporaryFolder) where name.hasPrefix(prefix) {
      guard let process = name.dropFirst(prefix.count).split(separator: "-").first,
        let id = pid_t(process), kill(id, 0) != 0, errno == ESRCH
      else { continue }
      remove(temporaryFolder + "/" + name)
    }
  }()

  private static func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Removes a file, or a folder with all that it holds.
  private static func remove(_ path: String) {
    for name in names(in: path) { remove(path + "/" + name) }
    _ = Glibc.remove(path)
  }
}

/// A log that a law works on, and that it may close and open again.
public final class LogUnderTest {
  /// Where the log lives.
  public let path: String
  /// The engine, until the next `reopen()`.
  public private(set) var engine: any EventLogEngine
  private let open: @Sendable (String) async throws -> any EventLogEngine

  init(
    path: String,
    engine: any EventLogEngine,
    open: @escaping @Sendable (String) async throws -> any EventLogEngine
  ) {
    self.path = path
    self.engine = engine
    self.open = open
  }

  /// Closes the log and opens it again.
  public func reopen() async throws {
    await engine.close()
    engine = try await open(path)
  }

  /// Opens the log a second time, while it is open.
  public func openAgain() async throws -> any EventLogEngine { try await open(path) }
}
