import RedisDriver
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RedisSignInTests {
  @Test(arguments: [
    ("ERR unknown command 'AUTH', with args beginning with: 'my' 'secret' ", "ERR"),
    ("WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS"),
    ("ERR", "ERR"),
  ])
  func aRefusedPasswordIsNotSaid(_ refusal: String, _ code: String) async throws {
    let failure = try await Self.failure("-\(refusal)\r\n-NOAUTH Authentication required.\r\n")
    #expect(failure.code == .refused)
    #expect(failure.found == code)
    #expect(!failure.description.contains("secret"))
  }

  @Test func otherRefusalsAreSaidWhole() async throws {
    let failure = try await Self.failure("+OK\r\n-ERR the server is busy\r\n")
    #expect(failure.code == .refused)
    #expect(failure.found == "ERR the server is busy")
  }

  /// What signing in with a password fails of, at a server that answers so.
  private static func failure(_ answers: String) async throws -> RedisError {
    let server = try RawRedis([], greeting: answers)
    defer { withExtendedLifetime(server) {} }
    let place = server.url.dropFirst("redis://".count)
    let client = RedisClient(try RedisTest.settings("redis://my:secret@\(place)"))
    let failures = AsyncStream.makeStream(of: RedisError.self)
    let running = Task {
      await client.run { if case .failed(let error) = $0 { failures.continuation.yield(error) } }
    }
    defer { running.cancel() }
    let failure = await failures.stream.first { _ in true }
    return try #require(failure)
  }
}
