internal import CNghttp2

/// Header fields as nghttp2 takes them; it copies what it is lent.
enum HeaderBlock {
  static func lend<R>(
    _ headers: [HTTP2Header],
    _ body: (UnsafeBufferPointer<nghttp2_nv>) -> R
  ) -> R {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count })
    for header in headers {
      bytes.append(contentsOf: header.name.utf8)
      bytes.append(contentsOf: header.value.utf8)
    }
    return bytes.withUnsafeMutableBufferPointer { bytes in
      withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: headers.count) { fields in
        var place = bytes.baseAddress
        for (index, header) in headers.enumerated() {
          let (name, value) = (header.name.utf8.count, header.value.utf8.count)
          fields.initializeElement(
            at: index,
            to: nghttp2_nv(
              name: place,
              value: place.map { $0 + name },
              namelen: name,
              valuelen: value,
              flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
            )
          )
          place = place.map { $0 + name + value }
        }
        return body(UnsafeBufferPointer(fields))
      }
    }
  }
}
