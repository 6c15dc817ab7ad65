import Testing

@testable import WordWeave

@Suite struct AdminErrorTests {
  @Test func aProblemBecomesASentenceWithAdvice() {
    let body = Array(#"{"title":"Unauthenticated","detail":"no token","instance":"r1"}"#.utf8)
    let error = AdminClient.error(status: 401, path: "/v1/admin/log?x=1", body: body)
    #expect(error.code == .failure)
    #expect(
      error.description.hasPrefix(
        "asking /v1/admin/log: 401 Unauthenticated: no token (request r1); give the operator token"
      )
    )
  }

  @Test func whatTheAuditDoesNotFindIsNoProjection() {
    for path in ["/v1/admin/events/7/causes", "/v1/admin/streams/s/state"] {
      let error = AdminClient.error(status: 404, path: path, body: [])
      #expect(!error.description.contains("projections"), "\(path)")
      #expect(error.description.contains("audit search"), "\(path)")
    }
    let error = AdminClient.error(status: 404, path: "/v1/admin/projections/x", body: [])
    #expect(error.description.contains("projections list"))
  }

  @Test func anUnavailableSystemHasItsOwnExitCode() {
    #expect(AdminClient.error(status: 503, path: "/", body: []).code.rawValue == 69)
  }
}
