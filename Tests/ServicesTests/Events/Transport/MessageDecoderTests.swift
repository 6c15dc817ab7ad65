import GRPCCore
import Testing

@testable import EventsService

@Suite struct MessageDecoderTests {
  /// Feeds bytes in pieces of a size; answers the messages.
  private func messages(
    of bytes: [UInt8],
    inPiecesOf size: Int,
    _ decoder: inout MessageDecoder
  ) throws -> [[UInt8]] {
    var found: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(size))
      rest = rest.dropFirst(size)
      try piece.withUnsafeBytes { try decoder.take($0) { found.append($0) } }
    }
    return found
  }

  @Test(arguments: [1, 2, 4, 5, 6, 7, 64, 10_000])
  func messagesComeOutHoweverTheyAreCut(size: Int) throws {
    let sent: [[UInt8]] = [[], [1], Array(repeating: 7, count: 300), [], [2, 3]]
    var decoder = MessageDecoder(limit: 300)
    #expect(try messages(of: sent.flatMap(\.framed), inPiecesOf: size, &decoder) == sent)
    #expect(!decoder.isInMessage)
  }

  @Test func aMessageAtTheLimitIsTakenAndOneBeyondIsNot() throws {
    let limit = 1000
    var decoder = MessageDecoder(limit: limit)
    let largest = [UInt8](repeating: 1, count: limit)
    #expect(try messages(of: largest.framed, inPiecesOf: 100, &decoder) == [largest])
    // Refused by its length alone, before a byte of it is here.
    let beyond = Array((largest + [1]).framed.prefix(MessageDecoder.prefixBytes))
    let error = #expect(throws: RPCError.self) {
      _ = try messages(of: beyond, inPiecesOf: 100, &decoder)
    }
    #expect(error?.code == .resourceExhausted)
  }

  @Test func aCompressedMessageIsRefused() {
    var decoder = MessageDecoder(limit: 10)
    let error = #expect(throws: RPCError.self) {
      _ = try messages(of: [1, 0, 0, 0, 1, 9], inPiecesOf: 6, &decoder)
    }
    #expect(error?.code == .unimplemented)
  }

  @Test(arguments: 1..<8) func whatIsBrokenOffIsKnown(count: Int) throws {
    var decoder = MessageDecoder(limit: 10)
    let bytes = Array([UInt8]([1, 2, 3]).framed.prefix(count))
    #expect(try messages(of: bytes, inPiecesOf: 10, &decoder).isEmpty)
    #expect(decoder.isInMessage)
  }
}
