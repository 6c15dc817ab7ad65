extension [PostgresValue] {
  /// Lends the numbers of the values' types.
  func withTypes<R>(_ body: (UnsafePointer<UInt32>?) -> R) -> R {
    map(\.type.number).withUnsafeBufferPointer { body($0.baseAddress) }
  }

  /// Lends the values in the shape the library takes; the pointers are good inside `body` only.
  func withParameters<R>(
    _ body: (
      UnsafePointer<UInt32>?,
      UnsafePointer<UnsafePointer<CChar>?>?,
      UnsafePointer<Int32>?,
      UnsafePointer<Int32>?
    ) -> R
  ) -> R {
    // One buffer for all: an array's storage cannot be lent for a number of arrays that is known
    // only at run time. One byte more, so that it has an address even when all values are empty.
    var joined: [UInt8] = []
    joined.reserveCapacity(reduce(1) { $0 + ($1.bytes?.count ?? 0) })
    var starts: [Int?] = []
    for value in self {
      starts.append(value.bytes == nil ? nil : joined.count)
      if let bytes = value.bytes { joined.append(contentsOf: bytes) }
    }
    joined.append(0)
    let lengths = map { Int32($0.bytes?.count ?? 0) }
    let formats = map { _ in Int32(1) }
    return joined.withUnsafeBytes { bytes in
      let base = bytes.bindMemory(to: CChar.self).baseAddress
      let pointers: [UnsafePointer<CChar>?] = starts.map { start in
        start.flatMap { start in base.map { $0 + start } }
      }
      return withTypes { types in
        pointers.withUnsafeBufferPointer { pointers in
          lengths.withUnsafeBufferPointer { lengths in
            formats.withUnsafeBufferPointer { formats in
              body(types, pointers.baseAddress, lengths.baseAddress, formats.baseAddress)
            }
          }
        }
      }
    }
  }
}
