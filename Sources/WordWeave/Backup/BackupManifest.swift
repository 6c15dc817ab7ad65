internal import Crypto
internal import EventLogCore
internal import Foundation
internal import Gateway

// A backup, version 1: a folder, mode 0700.
//
//   manifest   what is in it, below
//   format     of a data directory, as it was
//   log/       the event log's files; `log/restored` makes the first opening start a new log epoch
//   identity/  accounts and keys of the identity stand-in, if there are any
//   tokens     who may call the event service, as digests, if there are any
//
// What follows from the log is left out: read models are rebuilt. The operator token is left out,
// too: a restored directory gets a new one, so that who has a backup is not yet an operator.
//
// The manifest has one JSON object a line:
//
//   first  {"wordweave":"backup","version":1,"created":"…","program":"0.1.0",
//           "log":{"id":"…","epoch":1,"head":N}}
//   each   {"path":"log/store/000012.sst","bytes":N,"sha256":"…"}, by path, the manifest left out
//   last   {"end":true,"files":N,"bytes":N,"sha256":"…"}, of all bytes before this line
//
// It is written last, and the folder gets its name when everything in it is durable.

/// What a backup holds.
struct BackupManifest: Equatable {
  static let name = "manifest"
  static let version: Int64 = 1
  /// Bytes of a manifest: two hundred thousand files, which no log comes to.
  static let limit = 32 << 20

  struct File: Equatable {
    let path: String
    let bytes: UInt64
    let sha256: String
  }

  let created: String
  let program: String
  let log: EventID
  let epoch: UInt64
  let head: GlobalPosition
  let files: [File]

  /// Bytes of all files, which a manifest that was read can count.
  var bytes: UInt64 { files.reduce(0) { $0 + $1.bytes } }

  /// The text of the manifest.
  var text: [UInt8] {
    var lines: [UInt8] = []
    func add(_ value: JSONValue) {
      value.write(to: &lines)
      lines.append(UInt8(ascii: "\n"))
    }
    add([
      "wordweave": .string("backup"), "version": .number(Self.version),
      "created": .string(created), "program": .string(program),
      "log": [
        "id": .string(log.description), "epoch": .number(epoch), "head": .number(head.number),
      ],
    ])
    for file in files {
      add([
        "path": .string(file.path), "bytes": .number(file.bytes), "sha256": .string(file.sha256),
      ])
    }
    let digest = Identifier.hex(SHA256.hash(data: Data(lines)))
    add([
      "end": .bool(true), "files": .number(files.count), "bytes": .number(bytes),
      "sha256": .string(digest),
    ])
    return lines
  }

  init(
    created: String,
    program: String,
    log: LogIdentity,
    head: GlobalPosition,
    files: [File]
  ) {
    self.created = created
    self.program = program
    self.log = log.id
    epoch = log.epoch
    self.head = head
    self.files = files
  }

  /// Reads the manifest of the backup in a folder.
  ///
  /// - Throws: `CommandError` if there is none, or it was damaged.
  init(of folder: String) throws {
    let path = folder + "/" + Self.name
    let text: [UInt8]
    do {
      text = try Files.read(path, limit: Self.limit)
    } catch let error as CommandError {
      throw CommandError(
        error.attempted,
        found: error.found,
        advice: "name the folder of a whole backup",
        code: .usage
      )
    }
    do throws(LineFault) {
      try self.init(text)
    } catch {
      throw CommandError("reading \(path)", found: error.description)
    }
  }

  private init(_ text: [UInt8]) throws(LineFault) {
    let lines = text.split(separator: UInt8(ascii: "\n"))
    guard text.last == UInt8(ascii: "\n"), lines.count >= 2, let first = lines.first,
      let last = lines.last
    else {
      throw LineFault("it is no manifest of a backup, or was cut")
    }
    func value(_ line: ArraySlice<UInt8>) throws(LineFault) -> JSONValue {
      do throws(JSONFault) {
        return try JSONValue(parsing: Array(line))
      } catch {
        throw LineFault("a line is no JSON (\(error))")
      }
    }
    let header = try value(first)
    guard header["wordweave"]?.text == "backup" else {
      throw LineFault("it is no manifest of a backup")
    }
    let version = try Member("version", of: header).number(Int64.self)
    guard version == Self.version else {
      throw LineFault("the backup has version \(version), this program reads \(Self.version)")
    }
    let end = try value(last)
    guard end["end"]?.flag == true else { throw LineFault("it was cut") }
    let digest = Identifier.hex(SHA256.hash(data: Data(text[..<last.startIndex])))
    guard try Member("sha256", of: end).text() == digest else {
      throw LineFault("its own checksum does not fit: it was changed or damaged")
    }
    created = try Member("created", of: header).text()
    program = try Member("program", of: header).text()
    let log = try Member("log", of: header).required()
    self.log = try Member("id", of: log).id()
    epoch = try Member("epoch", of: log).number(UInt64.self)
    head = GlobalPosition(try Member("head", of: log).number(UInt64.self))
    var files: [File] = []
    var sum: UInt64 = 0
    for line in lines.dropFirst().dropLast() {
      let file = try File(try value(line))
      // Whoever wrote the manifest chose the numbers, and `bytes` adds them up.
      let (more, isTooMuch) = sum.addingReportingOverflow(file.bytes)
      guard !isTooMuch else { throw LineFault("its files have more bytes than can be counted") }
      sum = more
      files.append(file)
    }
    self.files = files
  }

  /// Whether a path stays below the folder that it is taken from.
  static func isInside(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !parts.contains { $0.isEmpty || $0 == "." || $0 == ".." } && path != name
  }
}

extension BackupManifest.File {
  fileprivate init(_ line: JSONValue) throws(LineFault) {
    path = try Member("path", of: line).text()
    guard BackupManifest.isInside(path) else {
      throw LineFault("'\(path)' leads out of the backup")
    }
    bytes = try Member("bytes", of: line).number(UInt64.self)
    sha256 = try Member("sha256", of: line).text()
  }
}
