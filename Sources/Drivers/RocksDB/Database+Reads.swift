internal import CRocksDB

extension Database {
  /// Lends the value of `key` in place; `body` gets nil if there is none.
  public func withValue<R>(
    of key: UnsafeRawBufferPointer,
    in family: Family,
    _ body: (UnsafeRawBufferPointer?) -> R
  ) throws(RocksDBError) -> R {
    let handles = try open("get")
    let slice = try checking("get") { slot in
      rocksdb_get_pinned_cf(
        handles.database,
        handles.reading,
        handles.families[family.index],
        key.baseAddress?.assumingMemoryBound(to: CChar.self),
        key.count,
        slot
      )
    }
    guard let slice else { return body(nil) }
    defer { rocksdb_pinnableslice_destroy(slice) }
    var count = 0
    let bytes = rocksdb_pinnableslice_value(slice, &count)
    return withExtendedLifetime(handles) {
      body(UnsafeRawBufferPointer(start: bytes, count: count))
    }
  }

  /// A copy of the value of `key`; nil if there is none.
  public func value(of key: [UInt8], in family: Family) throws(RocksDBError) -> [UInt8]? {
    let result: Result<[UInt8]?, RocksDBError> = key.withUnsafeBytes { key in
      do throws(RocksDBError) {
        return .success(try withValue(of: key, in: family) { $0.map { Array($0) } })
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Looks many keys of one length up at once, which costs far less than one by one.
  ///
  /// - keys: the keys, one after the other.
  /// - length: the bytes of each.
  /// - body: gets each key's number and its value in place, nil if there is none.
  public func withValues(
    ofKeys keys: [UInt8],
    each length: Int,
    in family: Family,
    _ body: (Int, UnsafeRawBufferPointer?) -> Void
  ) throws(RocksDBError) {
    let total = length > 0 ? keys.count / length : 0
    var begin = 0
    // The library sorts and groups a batch; beyond a few dozen keys it gains nothing more.
    while begin < total {
      let end = min(begin + 64, total)
      try lookUp(keys, length, begin..<end, family, body)
      begin = end
    }
  }

  private func lookUp(
    _ keys: [UInt8],
    _ length: Int,
    _ range: Range<Int>,
    _ family: Family,
    _ body: (Int, UnsafeRawBufferPointer?) -> Void
  ) throws(RocksDBError) {
    let handles = try open("multi-get")
    var values: [OpaquePointer?] = Array(repeating: nil, count: range.count)
    var errors: [UnsafeMutablePointer<CChar>?] = Array(repeating: nil, count: range.count)
    let lengths = Array(repeating: length, count: range.count)
    keys.withUnsafeBytes { bytes in
      let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      let places: [UnsafePointer<CChar>?] = range.map { base?.advanced(by: $0 * length) }
      rocksdb_batched_multi_get_cf(
        handles.database,
        handles.reading,
        handles.families[family.index],
        range.count,
        places,
        lengths,
        &values,
        &errors,
        false
      )
    }
    defer { for value in values { if let value { rocksdb_pinnableslice_destroy(value) } } }
    var failure: RocksDBError?
    for error in errors {
      guard let error else { continue }
      failure = RocksDBError("multi-get", found: String(cString: error))
      rocksdb_free(error)
    }
    if let failure { throw failure }
    for (index, value) in zip(range, values) {
      guard let value else {
        body(index, nil)
        continue
      }
      var count = 0
      let bytes = rocksdb_pinnableslice_value(value, &count)
      body(index, UnsafeRawBufferPointer(start: bytes, count: count))
    }
  }
}
