import EventLogCore
import EventLogInMemory
import EventsService
import Logging
import Testing

@Suite struct CertificateTests {
  @Test func aCertificateThatCannotBeLoadedIsNamed() async throws {
    var settings = EventServerSettings()
    settings.port = 0
    settings.certificate = .init(chain: "/nowhere/chain.pem", key: "/nowhere/key.pem")
    let log = InMemoryEventLog()
    let server = EventServer(
      EventStore(log),
      services: [],
      settings: settings,
      logger: Logger(label: "tests")
    )
    var told = ""
    do {
      try await server.run { _ in }
    } catch {
      told = String(describing: error)
    }
    #expect(told.contains("/nowhere/chain.pem"))
    await log.close()
  }
}
