internal import Glibc

/// A moment: microseconds since 1970-01-01T00:00:00Z, without leap seconds (as POSIX counts).
public struct Timestamp: Hashable, Sendable, Comparable {
  /// Microseconds since the epoch; negative before it.
  public let microseconds: Int64
  /// Makes a moment of microseconds since the epoch.
  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// The system's clock.
  public static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }

  /// Orders by time.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.microseconds < right.microseconds
  }

  /// The moment `duration` later, cut at the range.
  public func advanced(by duration: Duration) -> Timestamp {
    let (seconds, attoseconds) = duration.components
    return Timestamp(
      microseconds: microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    )
  }
}

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC with six fractional digits: `2026-11-22T16:46:00.000000Z`.
  public var description: String {
    let (day, second, fraction) = parts
    let (year, month, dayOfMonth) = Self.civil(fromDay: day)
    func pad(_ number: Int64, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(dayOfMonth, 2) + "T"
      + pad(second / 3600, 2) + ":" + pad(second / 60 % 60, 2) + ":" + pad(second % 60, 2)
      + "." + pad(fraction, 6) + "Z"
  }

  private var parts: (day: Int64, second: Int64, fraction: Int64) {
    let seconds = Self.floorDivide(microseconds, 1_000_000)
    let day = Self.floorDivide(seconds, 86_400)
    return (day, seconds - day * 86_400, microseconds - seconds * 1_000_000)
  }

  /// Reads RFC 3339 (a zone is required, fractions are cut at six digits); nil if it is not that.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20 else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      var value: Int64 = 0
      for byte in bytes[range] {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      }
      return value
    }
    func isAt(_ index: Int, _ choices: StaticString) -> Bool {
      choices.withUTF8Buffer { $0.contains(bytes[index]) }
    }
    guard isAt(4, "-"), isAt(7, "-"), isAt(10, "Tt "), isAt(13, ":"), isAt(16, ":"),
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      (1...12).contains(month), hour < 24, minute < 60, second < 60,
      day >= 1, day <= Self.days(inMonth: month, of: year)
    else { return nil }
    var index = 19
    var fraction: Int64 = 0
    if isAt(index, ".") {
      index += 1
      var digits = 0
      while index < bytes.count, let digit = number(index..<(index + 1)) {
        if digits < 6 { fraction = fraction * 10 + digit }
        digits += 1
        index += 1
      }
      guard digits > 0 else { return nil }
      while digits < 6 {
        fraction *= 10
        digits += 1
      }
    }
    var zone: Int64 = 0
    guard index < bytes.count else { return nil }
    if isAt(index, "Zz") {
      guard index + 1 == bytes.count else { return nil }
    } else {
      guard isAt(index, "+-"), index + 6 == bytes.count, isAt(index + 3, ":"),
        let hours = number((index + 1)..<(index + 3)),
        let minutes = number((index + 4)..<(index + 6)), hours < 24, minutes < 60
      else { return nil }
      zone = (hours * 60 + minutes) * (isAt(index, "-") ? -60 : 60)
    }
    let days = Self.day(year: year, month: month, day: day)
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - zone
    self.init(microseconds: seconds * 1_000_000 + fraction)
  }

  private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : (value + 1) / divisor - 1
  }

  private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  // Days and civil dates, by eras of 400 years that begin in March: the leap day then ends the
  // year, so that month lengths follow one formula.
  private static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = floorDivide(shifted, 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civil(fromDay number: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = number + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }
}
