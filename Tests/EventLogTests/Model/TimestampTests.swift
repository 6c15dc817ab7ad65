internal import EventLogCore
internal import Testing

@Suite struct TimestampTests {
  // Seconds as `date -u -d … +%s` tells them.
  static let known: [(String, Int64)] = [
    ("1970-01-01T00:00:00.000000Z", 0),
    ("1969-12-31T23:59:59.999999Z", -1),
    ("2000-02-29T12:00:00.000000Z", 951_825_600_000_000),
    ("2000-03-01T00:00:00.000000Z", 951_868_800_000_000),
    ("1900-03-01T00:00:00.000000Z", -2_203_891_200_000_000),
    ("2024-02-29T23:59:59.000001Z", 1_709_251_199_000_001),
    ("2026-11-22T17:00:00.500000Z", 1_795_366_800_500_000),
    ("2038-01-19T03:14:08.000000Z", 2_147_483_648_000_000),
    ("0001-01-01T00:00:00.000000Z", -62_135_596_800_000_000),
    ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
  ]

  @Test(arguments: known)
  func knownMoments(text: String, microseconds: Int64) {
    #expect(Timestamp(text)?.microseconds == microseconds)
    #expect(Timestamp(microseconds: microseconds).description == text)
  }

  @Test(arguments: [
    ("2026-11-22T18:00:00.5+01:00", "2026-11-22T17:00:00.500000Z"),
    ("2026-11-22t08:30:00-08:30", "2026-11-22T17:00:00.000000Z"),
    ("2026-11-22 17:00:00z", "2026-11-22T17:00:00.000000Z"),
    ("2026-01-01T00:15:00+00:30", "2025-12-31T23:45:00.000000Z"),
    ("2026-11-22T17:00:00.1234567899Z", "2026-11-22T17:00:00.123456Z"),
    ("2026-11-22T17:00:00.000001-00:00", "2026-11-22T17:00:00.000001Z"),
  ])
  func zonesAndFractionsAreRead(text: String, expected: String) {
    #expect(Timestamp(text)?.description == expected)
  }

  @Test(arguments: [
    "", "2026-11-22", "2026-11-22T17:00:00", "2026-11-22T17:00:00.Z", "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
    "2026-11-22T24:00:00Z", "2026-11-22T17:60:00Z", "2026-11-22T17:00:60Z", "2026-11-00T00:00:00Z",
    "2026-11-22T17:00:00ZZ", "2026-11-22T17:00:00+1:00", "2026-11-22T17:00:00+24:00",
    "2026-11-22T17:00:00+01:60", "2026-11-22T17:00:00+0100", "+026-11-22T17:00:00Z",
    "2026/11/22T17:00:00Z", "2026-11-22T17:00:00 Z", "٢٠٢٦-11-22T17:00:00Z",
  ])
  func anythingElseIsNoTimestamp(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test func everyMomentRoundTrips() {
    for _ in 0..<2000 {
      let microseconds = Int64.random(in: -62_135_596_800_000_000...253_402_300_799_999_999)
      let time = Timestamp(microseconds: microseconds)
      #expect(Timestamp(time.description) == time, "\(microseconds)")
    }
  }

  @Test func daysFollowEachOtherOverFourCenturies() {
    var month = 1
    var day = 1
    var year = 1900
    var time = Timestamp("1900-01-01T00:00:00Z")
    while year < 2301 {
      func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
      let text = "\(year)-\(pad(month))-\(pad(day))T00:00:00.000000Z"
      guard time?.description == text else {
        Issue.record("expected \(text), found \(String(describing: time))")
        return
      }
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      day += 1
      if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
      time = time?.advanced(by: .seconds(86_400))
    }
  }

  @Test func durationsMoveBothWays() {
    let time = Timestamp(microseconds: 10)
    #expect(time.advanced(by: .milliseconds(2)).microseconds == 2010)
    #expect(time.advanced(by: .microseconds(-11)).microseconds == -1)
    #expect(time.advanced(by: .seconds(-1)) < time)
    #expect(Timestamp.now > Timestamp(microseconds: 1_700_000_000_000_000))
  }
}
