import Testing

@testable import ProjectionsCore

@Suite struct DocumentCacheTests {
  private static func key(_ text: String) -> [UInt8] {
    RowKeys.collection(.document, "things", of: 1) + DocumentKey(text).bytes
  }

  private static func putting(_ key: [UInt8]) -> ReadModelBatch {
    var batch = ReadModelBatch()
    batch.put(key, [1])
    return batch
  }

  @Test func whatWasReadIsFoundAgain() {
    let cache = DocumentCache()
    let (nothing, ticket) = cache.look(Self.key("a"))
    #expect(nothing == nil)
    cache.offer("one", bytes: 3, at: Self.key("a"), ticket)
    #expect(cache.look(Self.key("a")).document as? String == "one")
    #expect(cache.look(Self.key("b")).document == nil)
  }

  @Test func aCommitForgetsWhatItChanged() {
    let cache = DocumentCache()
    cache.offer("one", bytes: 3, at: Self.key("a"), cache.look(Self.key("a")).ticket)
    cache.forget(Self.putting(Self.key("a")))
    #expect(cache.look(Self.key("a")).document == nil)
  }

  @Test func whatWasReadBeforeACommitIsNotKept() {
    let cache = DocumentCache()
    let ticket = cache.look(Self.key("a")).ticket
    cache.forget(Self.putting(Self.key("a")))
    cache.offer("stale", bytes: 5, at: Self.key("a"), ticket)
    #expect(cache.look(Self.key("a")).document == nil)
  }

  @Test func droppingARangeForgetsEverything() {
    let cache = DocumentCache()
    let ticket = cache.look(Self.key("a")).ticket
    cache.offer("one", bytes: 3, at: Self.key("a"), ticket)
    var batch = ReadModelBatch()
    batch.delete(from: [0], to: [255])
    cache.forget(batch)
    #expect(cache.look(Self.key("a")).document == nil)
    cache.offer("stale", bytes: 5, at: Self.key("a"), ticket)
    #expect(cache.look(Self.key("a")).document == nil)
  }

  @Test func largeDocumentsAreNotKept() {
    let cache = DocumentCache()
    for (name, bytes, isKept) in [
      ("at", DocumentCache.documentBytes, true), ("past", DocumentCache.documentBytes + 1, false),
    ] {
      let key = Self.key(name)
      cache.offer(name, bytes: bytes, at: key, cache.look(key).ticket)
      #expect((cache.look(key).document != nil) == isKept)
    }
  }

  @Test func memoryStaysBounded() {
    let cache = DocumentCache()
    let bytes = 64 << 10
    let count = 4 * DocumentCache.bytes / bytes
    for number in 0..<count {
      let key = Self.key("\(number)")
      cache.offer(number, bytes: bytes, at: key, cache.look(key).ticket)
    }
    let kept = (0..<count).count { cache.look(Self.key("\($0)")).document != nil }
    #expect(kept > 0)
    // Each shard may stand one document above its share in each of its two ages.
    #expect(kept * bytes <= DocumentCache.bytes + 2 * 16 * bytes)
  }
}
