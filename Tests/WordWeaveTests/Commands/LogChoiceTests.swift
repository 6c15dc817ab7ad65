import ArgumentParser
import Testing

@testable import WordWeave

@Suite struct LogChoiceTests {
  @Test func aPostgresURLNamesItsSchema() throws {
    let place = try PostgresPlace("postgres://u:p@h:5432/db?schema=log&sslmode=require")
    #expect(place.url == "postgres://u:p@h:5432/db?sslmode=require")
    #expect(place.schema == "log")
    #expect(try PostgresPlace("postgresql:///db").schema == "wordweave")
  }

  @Test(arguments: [
    "postgres://weave:hunter22@db:5432/weave", "postgres://weave:hunter22@db/weave?schema=x",
    "postgres://weave@db/weave?password=hunter22", "postgres://weave:a@hunter22@db/weave",
  ])
  func noPasswordIsShown(_ url: String) throws {
    let choice = try LogChoice(url)
    #expect(!"\(choice)".contains("hunter22"))
    #expect("\(choice)".contains("weave"))
    guard case .postgres(let place) = choice else { return }
    let told = place.scrubbed("bad URI \"\(place.url)\"\n\tand hunter22 again")
    #expect(!told.contains("hunter22") && !told.contains("\n"))
  }

  @Test func whatIsShownOpensTheSameLog() throws {
    for url in ["postgres://u:secret@h:1/db?schema=log&sslmode=require", "postgres://u@h/db"] {
      let place = try PostgresPlace(url)
      let again = try PostgresPlace(place.shown)
      #expect(again.schema == place.schema && again.shown == place.shown)
    }
  }

  @Test func anEventServiceIsAHostAndAPort() throws {
    let place = try ServicePlace("grpcs://events.example")
    #expect(place.host == "events.example" && place.port == 50051 && place.isSecure)
    let six = try ServicePlace("grpc://[::1]:7/")
    #expect(six.host == "::1" && six.port == 7 && !six.isSecure)
  }

  @Test(arguments: [
    "", "rocksdb", "ftp://x", "grpc://", "grpc://token@h:1", "grpc://h:0", "grpc://h:1/log",
  ])
  func otherTextsAreWrongUse(_ text: String) {
    #expect {
      try LogChoice(text)
    } throws: { error in
      (error as? CommandError)?.code == .usage
    }
  }

  private func configuration(_ arguments: String...) throws -> PlatformConfiguration {
    let command = try #require(
      try WordWeaveCommand.parseAsRoot(["serve"] + arguments) as? ServeCommand
    )
    return try command.configuration {
      $0 == "WORDWEAVE_LOG" ? "postgres://u@elsewhere/db" : $0 == "HOME" ? "/root" : nil
    }
  }

  @Test func anOptionWinsOverTheEnvironment() throws {
    #expect("\(try #require(try configuration().log))" == "postgres://u@elsewhere/db")
    let named = try configuration("--log", "grpc://h:1")
    #expect(named.log == .service(try ServicePlace("grpc://h:1")))
  }

  @Test func othersMustKnowWhereALogIsShared() throws {
    #expect(try configuration().advertised(port: 7) == "127.0.0.1:7")
    #expect(try configuration("--grpc-advertise", "db1:9").advertised(port: 7) == "db1:9")
    #expect(throws: CommandError.self) { try configuration("--grpc-advertise", "db1") }
    #expect(throws: CommandError.self) {
      try configuration("--host", "0.0.0.0", "--grpc-auth", "none")
    }
    _ = try configuration(
      "--host",
      "0.0.0.0",
      "--grpc-auth",
      "none",
      "--grpc-advertise",
      "db1:50051"
    )
  }

  @Test func theLogOfAnotherProcessIsNotServedASecondTime() {
    #expect(throws: CommandError.self) {
      try configuration("--log", "grpc://h:1", "--only", "events")
    }
  }
}
