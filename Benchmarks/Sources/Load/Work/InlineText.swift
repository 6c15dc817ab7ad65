/// A short text without memory of its own.
struct InlineText: RandomAccessCollection {
  private var bytes: InlineArray<24, UInt8> = .init(repeating: 0)
  let endIndex: Int
  var startIndex: Int { 0 }

  init(_ prefix: StaticString, _ number: UInt64) {
    var count = prefix.utf8CodeUnitCount
    for place in 0..<count { bytes[place] = prefix.utf8Start[place] }
    var divisor: UInt64 = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      bytes[count] = UInt8(48 + number / divisor % 10)
      count += 1
      divisor /= 10
    }
    endIndex = count
  }

  subscript(place: Int) -> UInt8 { bytes[place] }
}
