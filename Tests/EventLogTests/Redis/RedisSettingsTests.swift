import RedisDriver
import Testing

@Suite struct RedisSettingsTests {
  @Test func partsOfAURLAreFound() throws {
    let short = try RedisSettings(url: "redis://cache")
    #expect(short.host == "cache")
    #expect(short.port == 6379)
    #expect(short.user == nil && short.password == nil)
    #expect(short.database == 0)
    let long = try RedisSettings(url: "redis://me:a%3Ab%40c@[::1]:7000/12")
    #expect(long.host == "::1")
    #expect(long.port == 7000)
    #expect(long.user == "me")
    #expect(long.password == "a:b@c")
    #expect(long.database == 12)
    #expect(long.place == "::1:7000/12")
    let unnamed = try RedisSettings(url: "redis://:secret@h/")
    #expect(unnamed.user == nil)
    #expect(unnamed.password == "secret")
  }

  @Test(arguments: [
    "", "cache:6379", "http://cache", "rediss://cache", "redis://", "redis://:6379",
    "redis://cache:0", "redis://cache:65536", "redis://cache:x", "redis://cache/x",
    "redis://cache/-1", "redis://secret@cache", "redis://:@cache", "redis://u:%zzsecret@cache",
    "redis://u:secret%f@cache",
  ])
  func whatIsNoURLOfARedisIsRefusedWithoutItsSecrets(_ url: String) throws {
    let error = #expect(throws: RedisError.self) { try RedisSettings(url: url) }
    #expect(error?.code == .malformedURL)
    #expect(error?.description.contains("secret") == false)
  }
}
