import EventLogCore
import EventLogInMemory
import Foundation
import Gateway
import Testing

@testable import WordWeave

@Suite struct EventLineTests {
  /// A log with everything that an event may have.
  private static func filled() async throws -> InMemoryEventLog {
    let log = InMemoryEventLog()
    let id = EventID(high: 1, low: 2)
    _ = try await log.append(
      AppendRequest(
        to: "s",
        [
          NewEvent(
            id: id,
            type: "Quoted \"\\\u{1}\u{7F}é",
            schemaVersion: 7,
            contentType: "",
            data: Array(0...255),
            tags: ["x", "x", "caf\u{E9}", "cafe\u{301}"],
            metadata: ["b": "2", "a": "line\nbreak"]
          ),
          NewEvent(type: "Chosen"),
        ],
        tracking: Tracking(source: "origin", position: .max)
      )
    )
    // An id that is known already: kept beside the one that the log chooses.
    _ = try await log.append(
      AppendRequest(
        [StreamAppend(to: nil, [NewEvent(id: id, type: "Again", data: [1])])],
        ids: .free
      )
    )
    _ = try await log.append(AppendRequest(to: "gone", [NewEvent(type: "T", data: [1, 2, 3])]))
    _ = try await log.append(.truncating("gone", before: StreamRevision(1)))
    _ = try await log.append(.tombstoning("never"))
    return log
  }

  private static func lines(of log: any EventLogEngine) async throws -> [UInt8] {
    let path = NSTemporaryDirectory() + "wordweave-lines-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    _ = try await LogExporting.run(from: .open(log), to: path, as: .ndjson, console: .silent)
    return try Files.read(path)
  }

  private static func envelopes(of log: any EventLogEngine) async throws -> [[UInt8]] {
    try await log.readAll(
      after: nil,
      matching: .all,
      direction: .forward,
      limit: 4096,
      includeRemoved: true
    ).events.map(\.envelope)
  }

  @Test func everyByteComesBack() async throws {
    let log = try await Self.filled()
    let expected = try await Self.envelopes(of: log)
    let text = try await Self.lines(of: log)
    for size in [1, 7, 1000, text.count] {
      var reader = EventLineReader("test")
      var found: [[UInt8]] = []
      for start in stride(from: 0, to: text.count, by: size) {
        reader.feed(Array(text[start..<min(start + size, text.count)]))
        while case let events = try reader.events(), !events.isEmpty {
          found += events.map(\.envelope)
        }
      }
      try reader.finish()
      #expect(found == expected)
    }
    #expect(expected.count == 6)
  }

  @Test func knownPayloadsAreShownAsJSON() async throws {
    let log = InMemoryEventLog()
    _ = try await log.append(AppendRequest(to: "s", [NewEvent(type: "PostPublished", data: [])]))
    let text = String(decoding: try await Self.lines(of: log), as: UTF8.self)
    #expect(text.contains(#""json":{"#))
    #expect(text.hasPrefix(#"{"wordweave":"events","version":1,"log":""#))
  }

  /// What was changed is found on its line, and what stands before it is taken.
  @Test func whatIsWrongIsToldWithItsLine() async throws {
    let text = String(decoding: try await Self.lines(of: try await Self.filled()), as: UTF8.self)
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.count == 8)
    func told(_ changed: [String]) -> (message: String, count: Int) {
      var reader = EventLineReader("test")
      reader.feed(Array((changed.joined(separator: "\n") + "\n").utf8))
      var count = 0
      do {
        while case let events = try reader.events(), !events.isEmpty { count += events.count }
        try reader.finish()
        return ("", count)
      } catch {
        return ("\(error)", count)
      }
    }
    #expect(told(lines) == ("", 6))

    var edited = lines
    edited[2] = edited[2].replacingOccurrences(
      of: #""schemaVersion":1"#,
      with: #""schemaVersion":2"#
    )
    #expect(told(edited).count == 1)
    #expect(told(edited).message.contains("line 3 of test"))
    #expect(told(edited).message.contains("crc"))

    var missing = lines
    missing.remove(at: 3)
    #expect(told(missing).count == 2)
    #expect(told(missing).message.contains("position 3 is missing"))

    var malformed = lines
    malformed[4] = "{\"position\":4"
    #expect(told(malformed).count == 3)
    #expect(told(malformed).message.contains("line 5 of test"))

    for (member, fault) in [
      ("\"id\":", "\"id\" is missing"), ("\"crc\":", "\"crc\" is missing"),
      ("\"data\":", "\"data\" is missing"), ("\"type\":", "\"type\" is missing"),
    ] {
      var without = lines
      without[1] = without[1].replacingOccurrences(of: member, with: "\"else\(member.dropFirst())")
      #expect(told(without).message.contains(fault), "\(told(without))")
    }
    #expect(told(Array(lines.dropLast())).message.contains("without the line that ends"))
    #expect(told(lines + ["{}"]).message.contains("something follows"))
    #expect(told(Array(lines.dropFirst())).message.contains("line 1 of test"))
    var digest = lines
    digest[7] = digest[7].replacingOccurrences(of: "sha256:", with: "sha256:0")
    #expect(told(digest).count == 6)
    #expect(told(digest).message.contains("digest"))
    var version = lines
    version[0] = version[0].replacingOccurrences(of: #""version":1"#, with: #""version":2"#)
    #expect(told(version).message.contains("version 2"))
  }

  @Test func aLineIsBoundedAtItsLimitAndOnePast() throws {
    for (bytes, isLong) in [
      (TransferLimits.lineBytes, false), (TransferLimits.lineBytes + 1, true),
    ] {
      var reader = EventLineReader("test")
      reader.feed([UInt8](repeating: UInt8(ascii: "x"), count: bytes))
      reader.feed([UInt8(ascii: "\n")])
      do {
        _ = try reader.events()
        Issue.record("it was taken")
      } catch {
        #expect("\(error)".contains("longer than") == isLong, "\(bytes)")
        #expect("\(error)".contains("line 1"))
      }
    }
    // Nobody waits for the end of a line that is too long already.
    var reader = EventLineReader("test")
    reader.feed([UInt8](repeating: UInt8(ascii: "x"), count: TransferLimits.lineBytes + 1))
    #expect(throws: CommandError.self) { try reader.events() }
  }

  @Test func aNameThatDoesNotFitIsRefusedAndNotCut() throws {
    let long = String(repeating: "t", count: 256)
    let text =
      #"{"position":1,"id":"00000000-0000-0001-0000-000000000002","type":"\#(long)","#
      + #""schemaVersion":1,"contentType":"","tags":[],"metadata":{},"#
      + #""recordedAt":"2026-01-01T00:00:00Z","data":"","crc":1}"#
    let value = try JSONValue(parsing: text)
    #expect {
      _ = try EventLine.event(of: value)
    } throws: { error in
      "\(error)".contains("too large: 256, at most 255")
    }
  }
}

extension Console {
  /// Says nothing.
  static var silent: Console { Console(isQuiet: true) }
}
