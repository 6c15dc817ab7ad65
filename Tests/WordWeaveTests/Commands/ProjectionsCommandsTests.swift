import Gateway
import Testing

@testable import WordWeave

@Suite struct ProjectionsCommandsTests {
  private func complaint(_ last: String) throws -> CommandError? {
    CommandError(rebuild: try JSONValue(parsing: last), attempted: "rebuilding posts")
  }

  @Test(arguments: [
    #"{"phase": "cutOver", "liveDigest": "b", "freshDigest": "b"}"#,
    #"{"phase": "equal", "liveDigest": "b", "freshDigest": "b"}"#,
    #"{"phase": "ready", "liveDigest": null, "freshDigest": "b"}"#,
    #"{"phase": "checked", "liveDigest": "a", "freshDigest": "b", "message": "why"}"#,
  ])
  func whatEndsWellIsNoError(_ last: String) throws {
    #expect(try complaint(last)?.found == nil)
  }

  @Test(arguments: [
    #"{"phase": "different", "liveDigest": "a", "freshDigest": "b"}"#,
    #"{"phase": "failed", "liveDigest": "a", "freshDigest": "b", "message": "document differs"}"#,
  ])
  func aDifferenceNamesTheWayOut(_ last: String) throws {
    let error = try #require(try complaint(last))
    #expect(error.code == .failure)
    #expect(error.found.contains("differ"))
    #expect(error.advice?.contains("--no-comparison") == true)
  }

  @Test(arguments: [
    #"{"phase": "failed", "liveDigest": null, "freshDigest": null, "message": "no room"}"#,
    #"{"phase": "cancelled", "liveDigest": "b", "freshDigest": "b"}"#,
  ])
  func whatDidNotComeToItsEndIsNoDifference(_ last: String) throws {
    let error = try #require(try complaint(last))
    #expect(["failed", "cancelled"].contains(error.found))
    #expect(error.advice?.contains("--no-comparison") == false)
  }
}
