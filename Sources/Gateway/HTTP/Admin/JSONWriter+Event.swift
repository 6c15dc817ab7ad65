package import Schemas

extension JSONWriter {
  /// An event as the log recorded it; its data as JSON where the schema is known.
  package mutating func event(_ event: Wordweave_Events_V1_Event) {
    object { writer in
      writer.member("position", event.position)
      writer.member("stream", orNull: event.stream)
      writer.key("revision")
      if event.hasRevision { writer.number(event.revision) } else { writer.null() }
      writer.member("id", Identifier.text(event.id))
      writer.member("type", event.type)
      writer.member("schemaVersion", event.schemaVersion)
      writer.member("contentType", event.contentType)
      writer.key("data")
      if event.removed {
        writer.null()
      } else if !event.dataJson.isEmpty {
        writer.raw(event.dataJson)
      } else {
        writer.object { $0.member("base64", Base64Text.encoded(event.data)) }
      }
      writer.member("tags", event.tags)
      writer.key("metadata")
      writer.object { writer in
        for entry in event.metadata {
          writer.key(entry.key)
          writer.text(entry.value)
        }
      }
      writer.member("recordedAt", moment: event.recordedAt)
      if event.removed { writer.member("removed", true) }
    }
  }

  /// Where a projection stands.
  package mutating func projection(_ status: Wordweave_Events_V1_ProjectionStatus) {
    object { writer in
      writer.member("name", status.name)
      writer.member("version", status.version)
      writer.member("generation", status.generation)
      writer.key("previousGeneration")
      if status.previousGeneration == 0 {
        writer.null()
      } else {
        writer.number(status.previousGeneration)
      }
      writer.member("applied", status.applied)
      writer.member("head", status.head)
      writer.member("lag", status.head - min(status.applied, status.head))
      writer.member("parked", status.parked)
      writer.member("state", status.state)
      if !status.digest.isEmpty { writer.member("digest", status.digest) }
    }
  }

  /// How far a rebuild or a comparison is.
  package mutating func progress(_ progress: Wordweave_Events_V1_RebuildProgress) {
    object { writer in
      writer.member("phase", progress.phase)
      writer.member("done", progress.done)
      writer.member("total", progress.total)
      writer.key("rate")
      writer.number(progress.rate)
      writer.key("secondsLeft")
      if progress.hasSecondsLeft { writer.number(progress.secondsLeft) } else { writer.null() }
      writer.member("liveDigest", orNull: progress.liveDigest)
      writer.member("freshDigest", orNull: progress.freshDigest)
      writer.member("message", orNull: progress.message)
      writer.member("finished", progress.finished)
    }
  }
}
