internal import Testing
internal import WeaveRuntime

@Suite struct MomentTextTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
      (1_709_164_800_000_001, "2024-02-29T00:00:00.000001Z"),
      (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
    ] as [(Int64, String)]
  )
  func momentsAreRenderedAndReadBack(_ microseconds: Int64, _ text: String) {
    #expect(MomentText.text(microseconds) == text)
    #expect(MomentText.microseconds(text) == microseconds)
  }

  @Test func momentsOutsideFourDigitsOfYearsAreCut() {
    #expect(MomentText.text(.max) == "9999-12-31T23:59:59.999999Z")
    #expect(MomentText.text(.min) == "0000-01-01T00:00:00.000000Z")
  }

  @Test func zonesAndShortFractionsAreRead() {
    #expect(MomentText.microseconds("1970-01-01T01:00:00.5+01:00") == 500_000)
    #expect(MomentText.microseconds("1969-12-31t19:00:00-05:00") == 0)
  }

  @Test(arguments: [
    "1970-01-01", "1970-01-01T00:00:00", "1970-13-01T00:00:00Z", "2023-02-29T00:00:00Z",
    "1970-01-01T24:00:00Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00+1:00", "yesterday",
  ])
  func whatIsNotRFC3339IsRefused(_ text: String) {
    #expect(MomentText.microseconds(text) == nil)
  }
}
