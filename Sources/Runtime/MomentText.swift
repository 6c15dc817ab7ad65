internal import Glibc

/// Moments as text: RFC 3339 in UTC with six fractional digits, from microseconds since 1970.
package enum MomentText {
  /// Bytes of a moment as `write` renders it.
  package static let count = 27

  /// Renders a moment of the years 0 to 9999; others are cut at that range.
  package static func text(_ microseconds: Int64) -> String {
    String(unsafeUninitializedCapacity: count) { write(microseconds, into: $0) }
  }

  /// Renders into `bytes`, which has room for `count`, and answers how many were written.
  package static func write(
    _ microseconds: Int64,
    into bytes: UnsafeMutableBufferPointer<UInt8>
  ) -> Int {
    let cut = min(max(microseconds, -62_167_219_200_000_000), 253_402_300_799_999_999)
    let seconds = floorDivide(cut, 1_000_000)
    let day = floorDivide(seconds, 86_400)
    let second = seconds - day * 86_400
    let (year, month, dayOfMonth) = civil(fromDay: day)
    var index = 0
    func put(_ number: Int64, _ width: Int, _ end: Unicode.Scalar) {
      var rest = number
      for place in stride(from: width - 1, through: 0, by: -1) {
        bytes[index + place] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      }
      bytes[index + width] = UInt8(ascii: end)
      index += width + 1
    }
    put(year, 4, "-")
    put(month, 2, "-")
    put(dayOfMonth, 2, "T")
    put(second / 3600, 2, ":")
    put(second / 60 % 60, 2, ":")
    put(second % 60, 2, ".")
    put(cut - seconds * 1_000_000, 6, "Z")
    return index
  }

  /// Reads RFC 3339: a zone is required, fractions are cut at six digits; nil if it is not that.
  package static func microseconds(_ text: some StringProtocol) -> Int64? {
    let bytes = Array(text.utf8)
    guard (20...64).contains(bytes.count) else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      guard range.upperBound <= bytes.count else { return nil }
      var value: Int64 = 0
      for byte in bytes[range] {
        guard byte >= 0x30, byte <= 0x39 else { return nil }
        value = value * 10 + Int64(byte - 0x30)
      }
      return value
    }
    func isAt(_ index: Int, _ choices: StaticString) -> Bool {
      index < bytes.count && choices.withUTF8Buffer { $0.contains(bytes[index]) }
    }
    guard isAt(4, "-"), isAt(7, "-"), isAt(10, "Tt "), isAt(13, ":"), isAt(16, ":"),
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      (1...12).contains(month), hour < 24, minute < 60, second < 60,
      day >= 1, day <= days(inMonth: month, of: year)
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
    if isAt(index, "Zz") {
      guard index + 1 == bytes.count else { return nil }
    } else {
      guard isAt(index, "+-"), index + 6 == bytes.count, isAt(index + 3, ":"),
        let hours = number((index + 1)..<(index + 3)),
        let minutes = number((index + 4)..<(index + 6)), hours < 24, minutes < 60
      else { return nil }
      zone = (hours * 60 + minutes) * (isAt(index, "-") ? -60 : 60)
    }
    let seconds =
      daysBefore(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second
      - zone
    return seconds * 1_000_000 + fraction
  }

  /// The system's clock, in microseconds since 1970.
  package static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
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

  // Days and civil dates by eras of 400 years that begin in March: the leap day then ends the
  // year, so that month lengths follow one formula.
  private static func daysBefore(year: Int64, month: Int64, day: Int64) -> Int64 {
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
