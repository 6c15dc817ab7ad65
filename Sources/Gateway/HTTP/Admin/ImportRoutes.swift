internal import Glibc
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Imports: many commands in one request, each with its author and time, each told of in a line.
///
/// Accounts are made first, in the order given; then posts, each in its own order, several side by
/// side. A line that fails ends its post: what follows was meant for a state that did not come.
enum ImportRoutes {
  static let all = [Route(.post, "/v1/admin/imports", .administrator, run)]

  private static func run(_ exchange: inout Exchange) async throws -> Response {
    guard exchange.principal?.roles.contains("operator") == true else {
      throw Problem(.forbidden, "Imports are for the operator.")
    }
    let buffer = try await exchange.body(
      limit: GatewayLimits.importBody,
      types: ["application/x-ndjson"]
    )
    let lines = buffer.withUnsafeReadableBytes(lines)
    guard !lines.isEmpty, lines.count <= GatewayLimits.importLines else {
      throw Problem(
        .validation,
        errors: [
          .init("", "too-many", "An import has 1 to \(GatewayLimits.importLines) lines.")
        ]
      )
    }
    let read = lines.map { line in
      Result { () throws(Problem) -> ImportLine in
        do {
          return try ImportLine(try JSONReader.value(of: line))
        } catch let fault as JSONFault {
          throw Problem(.malformedRequest, "\(fault.reason), at byte \(fault.offset) of the line.")
        } catch let problem as Problem {
          throw problem
        } catch {
          throw Problem(.internal)
        }
      }
    }
    let upstreams = exchange.core.upstreams
    let id = exchange.requestID
    return exchange.lines { conveyor in
      try await carryOut(read, upstreams, id, conveyor)
    }
  }

  /// The lines that hold more than white space.
  ///
  /// Ends are looked for by the C library: a body of 4 MiB, byte by byte through generic code, is
  /// what an import would spend most of its time on where nothing is optimised.
  private static func lines(of bytes: UnsafeRawBufferPointer) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty, let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress {
      let end = memchr(start, Int32(UInt8(ascii: "\n")), rest.count)
      let count = end.map { UnsafeRawPointer($0) - start } ?? rest.count
      let line = rest.prefix(count)
      if !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { lines.append(Array(line)) }
      rest = rest.dropFirst(count + 1)
    }
    return lines
  }

  private static func carryOut(
    _ lines: [Result<ImportLine, Problem>],
    _ upstreams: Upstreams,
    _ id: String,
    _ conveyor: Conveyor
  ) async throws {
    var chains: [String: [(index: Int, line: ImportLine)]] = [:]
    var order: [String] = []
    for (index, line) in lines.enumerated() {
      switch line {
      case .failure(let problem): try await conveyor.send { tell(&$0, index, problem) }
      case .success(let line) where line.post.isEmpty:
        _ = try await carryOut(line, index, upstreams, id, conveyor)
      case .success(let line):
        if chains[line.post] == nil { order.append(line.post) }
        chains[line.post, default: []].append((index, line))
      }
    }
    let all = order.map { chains[$0] ?? [] }
    try await withThrowingTaskGroup(of: Void.self) { group in
      var next = 0
      func start() {
        guard next < all.count else { return }
        let chain = all[next]
        next += 1
        group.addTask { try await follow(chain, upstreams, id, conveyor) }
      }
      for _ in 0..<GatewayLimits.importWidth { start() }
      while try await group.next() != nil { start() }
    }
  }

  private static func follow(
    _ chain: [(index: Int, line: ImportLine)],
    _ upstreams: Upstreams,
    _ id: String,
    _ conveyor: Conveyor
  ) async throws {
    var hasFailed = false
    for (index, line) in chain {
      if hasFailed {
        let problem = Problem(.conflict, "An earlier line of the same post failed.")
        try await conveyor.send { tell(&$0, index, problem) }
      } else {
        hasFailed = try await !carryOut(line, index, upstreams, id, conveyor)
      }
    }
  }

  private static func carryOut(
    _ line: ImportLine,
    _ index: Int,
    _ upstreams: Upstreams,
    _ id: String,
    _ conveyor: Conveyor
  ) async throws -> Bool {
    do {
      let outcome = try await line.send(upstreams, correlationID: id)
      try await conveyor.send { writer in
        writer.object {
          $0.member("index", index)
          $0.member("status", outcome.isRepeat ? "repeat" : "done")
          if let position = outcome.position { $0.member("position", position) }
          if let revision = outcome.revision { $0.member("revision", revision) }
        }
      }
      return true
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      let problem = Exchange.problem(error, expectsRevision: false)
      try await conveyor.send { tell(&$0, index, problem) }
      return false
    }
  }

  private static func tell(_ writer: inout JSONWriter, _ index: Int, _ problem: Problem) {
    var text = problem.kind.slug + ": " + problem.detail
    for error in problem.errors { text += " \(error.pointer): \(error.detail)" }
    writer.object {
      $0.member("index", index)
      $0.member("status", "failed")
      $0.member("error", text)
    }
  }
}
