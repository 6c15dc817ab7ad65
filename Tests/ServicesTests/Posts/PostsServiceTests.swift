import EventLogCore
import GRPCCore
import PostsService
import Schemas
import ServiceKit
import SwiftProtobuf
import Testing

@Suite(.timeLimit(.minutes(1))) struct ServingPosts {
  @Test func aDraftIsSeenByItsOwnerAlone() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      try await platform.register("bert")
      let draft = try await platform.draft("Tides", by: "anna") { $0.body = "High." }
      #expect(draft.post.status == .draft)
      #expect(draft.post.byline == ["user_anna"])
      let id = draft.post.postID
      let own = try await platform.get(id, .as("user_anna").after(draft.position))
      #expect(own.post == draft.post)
      #expect(own.position >= draft.position)
      for call in [Call.nobody, .as("user_bert")] {
        let refused = await refusal { _ = try await platform.get(id, call) }
        #expect(refused == Refusal(.notFound, "not-found"))
      }
      let edit = await refusal {
        _ = try await platform.edit(id, by: "bert") { $0.title = "Mine" }
      }
      #expect(edit == Refusal(.notFound, "not-found"))
    }
  }

  @Test func publishingShowsTheWorkingCopyAndEditsStayHidden() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      let id = try await platform.draft("Tides", by: "anna") {
        $0.body = "High."
        $0.tags = ["sea", "moon", "sea"]
      }.post.postID
      let published = try await platform.publish(id, by: "anna")
      #expect(published.post.slug == "tides")
      #expect(published.post.tags == ["sea", "moon"])
      let edited = try await platform.edit(id, by: "anna") { $0.body = "Low." }
      #expect(edited.post.hasUnpublishedChanges_p)
      let seen = try await platform.get(slug: "tides", Call.nobody.after(edited.position))
      #expect(seen.post.body == "High.")
      #expect(!seen.post.hasUnpublishedChanges_p)
      #expect(seen.post.updatedAt < edited.post.updatedAt)
      let own = try await platform.get(
        id,
        .as("user_anna").after(edited.position),
        workingCopy: true
      )
      #expect(own.post.body == "Low.")
      let tags = try await platform.posts.listTags(
        .with { $0.prefix = "m" },
        metadata: Call.nobody.after(edited.position).metadata
      )
      #expect(tags.tags.map(\.tag) == ["moon"])
      #expect(tags.tags.map(\.posts) == [1])
    }
  }

  @Test func formerSlugsLeadToThePresentOne() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      let id = try await platform.draft("Tides", by: "anna").post.postID
      _ = try await platform.publish(id, by: "anna")
      _ = try await platform.edit(id, by: "anna") {
        $0.title = "Waves"
        $0.slug = "Große Wellen"
      }
      let moved = try await platform.publish(id, by: "anna")
      #expect(moved.post.slug == "grosse-wellen")
      let former = try await platform.get(slug: "tides", Call.nobody.after(moved.position))
      #expect(former.message.movedToSlug == "grosse-wellen")
      let present = try await platform.get(slug: "grosse-wellen", .nobody)
      #expect(present.message.movedToSlug.isEmpty)
      // Another post of the former title never gets the former slug.
      let second = try await platform.draft("Tides", by: "anna").post.postID
      #expect(try await platform.publish(second, by: "anna").post.slug == "tides-2")
    }
  }

  @Test func twoPostsOfOneTitleAtOnceGetTwoSlugs() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      var ids: [String] = []
      for _ in 0..<12 { ids.append(try await platform.draft("Same", by: "anna").post.postID) }
      let slugs = try await withThrowingTaskGroup(of: String.self) { group in
        for id in ids {
          group.addTask { try await platform.publish(id, by: "anna").post.slug }
        }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(slugs.count == 12)
      #expect(slugs.isSuperset(of: ["same", "same-2", "same-9"]))
    }
  }

  @Test func ofFiftyEditsExpectingOneRevisionOneWins() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      let draft = try await platform.draft("Tides", by: "anna")
      let call = Call.as("user_anna").with(CallKeys.expectedRevision, draft.post.revision)
      let results = await withTaskGroup(of: Refusal?.self) { group in
        for number in 0..<50 {
          group.addTask {
            await refusal {
              _ = try await platform.edit(draft.post.postID, by: "anna", call: call) {
                $0.body = "Edit \(number)"
              }
            }
          }
        }
        return await group.reduce(into: [Refusal?]()) { $0.append($1) }
      }
      #expect(results.count { $0 == nil } == 1)
      #expect(results.count { $0?.code == .aborted } == 49)
      let changes = try await platform.posts.listChanges(
        .with {
          $0.postID = draft.post.postID
          $0.afterRevision = draft.post.revision
        },
        metadata: Call.as("user_anna").metadata
      )
      #expect(changes.revisions.map(\.members) == [["body"]])
    }
  }

  @Test func aRepeatedCommandIsAnsweredAsTheFirstTime() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      let commandID = protobufBytes(EventID.make().bytes)
      let first = try await platform.draft("Tides", by: "anna") { $0.commandID = commandID }
      let id = first.post.postID
      _ = try await platform.edit(id, by: "anna") { $0.title = "Waves" }
      let head = try await platform.log.head()
      let again = try await platform.draft("Tides", by: "anna") { $0.commandID = commandID }
      #expect(again.isReplayed)
      #expect(again.post == first.post)
      #expect(again.position == first.position)
      #expect(try await platform.log.head() == head)
      let elsewhere = await refusal {
        _ = try await platform.draft("Tides", by: "anna") {
          $0.postID = EventID.make().description
          $0.commandID = commandID
        }
      }
      #expect(elsewhere == Refusal(.failedPrecondition, "command-id-reused"))
    }
  }

  @Test func anIdempotencyKeyNamesOneRequest() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      let call = Call.as("user_anna").with(CallKeys.idempotencyKey, "digest")
        .with(CallKeys.idempotencyFingerprint, "print")
      // All at once: one writes, the others are answered as it was.
      let answers = try await withThrowingTaskGroup(of: PostAnswer.self) { group in
        for _ in 0..<10 {
          group.addTask { try await platform.draft("Tides", by: "anna", call: call) }
        }
        return try await group.reduce(into: [PostAnswer]()) { $0.append($1) }
      }
      #expect(Set(answers.map(\.post.postID)).count == 1)
      #expect(answers.count { !$0.isReplayed } == 1)
      let reused = await refusal {
        _ = try await platform.draft(
          "Tides",
          by: "anna",
          call: call.with(CallKeys.idempotencyFingerprint, "other")
        )
      }
      #expect(reused == Refusal(.failedPrecondition, "idempotency-key-reused"))
    }
  }

  @Test func whoMayNotWriteMakesNoPost() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      let unknown = await refusal { _ = try await platform.draft("Tides", by: "nobody") }
      #expect(unknown == Refusal(.permissionDenied, "author-unknown"))
      let byline = await refusal {
        _ = try await platform.draft("Tides", by: "anna") { $0.byline = ["user_anna", "user_x"] }
      }
      #expect(byline == Refusal(.invalidArgument, "byline/1 account-unknown"))
      _ = try await platform.users.setSuspension(
        .with {
          $0.userID = "user_anna"
          $0.suspended = true
          $0.reason = "spam"
        },
        metadata: Call.as("user_m", "moderator").metadata
      )
      let suspended = await refusal { _ = try await platform.draft("Tides", by: "anna") }
      #expect(suspended == Refusal(.permissionDenied, "author-suspended"))
    }
  }

  @Test func deletingHidesAndRestoringShowsAgain() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      let id = try await platform.draft("Tides", by: "anna") { $0.tags = ["sea"] }.post.postID
      _ = try await platform.publish(id, by: "anna")
      let deleted = try await platform.posts.delete(
        .with { $0.postID = id },
        metadata: Call.as("user_anna").metadata
      ) { try PostAnswer($0) }
      #expect(deleted.post.status == .deleted)
      let gone = await refusal {
        _ = try await platform.get(slug: "tides", Call.nobody.after(deleted.position))
      }
      #expect(gone == Refusal(.notFound, "gone"))
      #expect(try await platform.list(.nobody).posts.isEmpty)
      let own = try await platform.list(.as("user_anna")) { $0.status = .deleted }
      #expect(own.posts.map(\.postID) == [id])
      platform.clock.move(by: .seconds(31 * 86_400))
      let late = await refusal {
        _ = try await platform.posts.restore(
          .with { $0.postID = id },
          metadata: Call.as("user_anna").metadata
        )
      }
      #expect(late == Refusal(.failedPrecondition, "restore-period-over"))
      platform.clock.move(by: .seconds(-2 * 86_400))
      let restored = try await platform.posts.restore(
        .with { $0.postID = id },
        metadata: Call.as("user_anna").metadata
      ) { try PostAnswer($0) }
      #expect(restored.post.status == .published)
      let seen = try await platform.list(Call.nobody.after(restored.position))
      #expect(seen.posts.map(\.postID) == [id])
    }
  }

  @Test func pagesOfAListMeetWithoutOverlap() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      try await platform.register("bert")
      var titles: [String] = []
      var position: UInt64 = 0
      for number in 0..<7 {
        platform.clock.move(by: .seconds(1))
        let id = try await platform.draft("Post \(number)", by: "anna") {
          $0.tags = number % 2 == 0 ? ["even"] : ["odd"]
          $0.byline = number == 3 ? ["user_bert"] : []
          $0.body = "A long text"
        }.post.postID
        position = try await platform.publish(id, by: "anna").position
        titles.append("Post \(number)")
      }
      let call = Call.nobody.after(position)
      for oldestFirst in [false, true] {
        var seen: [String] = []
        var after = protobufBytes([])
        repeat {
          let page = try await platform.list(call) {
            $0.limit = 3
            $0.after = after
            $0.oldestFirst = oldestFirst
          }
          #expect(page.posts.allSatisfy { $0.body.isEmpty })
          seen += page.posts.map(\.title)
          after = page.next
        } while !after.isEmpty
        #expect(seen == (oldestFirst ? titles : titles.reversed()))
      }
      let byTag = try await platform.list(call) { $0.tag = "odd" }
      #expect(byTag.posts.map(\.title) == ["Post 5", "Post 3", "Post 1"])
      let byName = try await platform.list(call) { $0.authorID = "user_bert" }
      #expect(byName.posts.map(\.title) == ["Post 3"])
      let both = try await platform.list(call) {
        $0.authorID = "user_anna"
        $0.tag = "even"
      }
      #expect(both.posts.count == 4)
      let foreign = await refusal {
        _ = try await platform.list(call) {
          $0.tag = "even"
          $0.after = protobufBytes([1, 2, 3])
        }
      }
      #expect(foreign == Refusal(.invalidArgument, "after cursor-invalid"))
    }
  }

  @Test func theHistoryIsReadComparedAndRestored() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      try await platform.register("bert")
      let anna = Call.as("user_anna")
      let id = try await platform.draft("Tides", by: "anna") { $0.body = "The tide is high." }
        .post.postID
      let edited = try await platform.edit(id, by: "anna") { $0.body = "The tide is low." }
      let history = try await platform.posts.listRevisions(
        .with { $0.postID = id },
        metadata: anna.after(edited.position).metadata
      )
      #expect(history.revisions.map(\.change) == ["PostDrafted", "PostEdited"])
      #expect(history.revisions.map(\.members) == [["title", "body"], ["body"]])
      #expect(history.revisions.map(\.actorID) == ["user_anna", "user_anna"])
      let first = try await platform.posts.getRevision(
        .with {
          $0.postID = id
          $0.revision = 0
        },
        metadata: anna.metadata
      )
      #expect(first.post.body == "The tide is high.")
      let diff = try await platform.posts.diff(
        .with {
          $0.postID = id
          $0.to = 1
        },
        metadata: anna.metadata
      )
      #expect(diff.members.map(\.member) == ["body"])
      #expect(diff.members.first?.parts.map(\.text) == ["The tide is ", "high", "low", "."])
      let restored = try await platform.posts.restoreRevision(
        .with {
          $0.postID = id
          $0.revision = 0
        },
        metadata: anna.metadata
      )
      #expect(restored.post.body == "The tide is high.")
      #expect(restored.post.revision == 2)
      let missing = await refusal {
        _ = try await platform.posts.getRevision(
          .with {
            $0.postID = id
            $0.revision = 9
          },
          metadata: anna.metadata
        )
      }
      #expect(missing == Refusal(.notFound, "not-found"))
      let other = await refusal {
        _ = try await platform.posts.listRevisions(
          .with { $0.postID = id },
          metadata: Call.as("user_bert").metadata
        )
      }
      #expect(other == Refusal(.notFound, "not-found"))
    }
  }

  @Test func aReaderLooksBackAtWhatWasPublic() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      let id = try await platform.draft("Tides", by: "anna") { $0.body = "One" }.post.postID
      let first = try await platform.publish(id, by: "anna")
      _ = try await platform.edit(id, by: "anna") { $0.body = "Two" }
      _ = try await platform.publish(id, by: "anna")
      let then = try await platform.posts.getRevision(
        .with {
          $0.postID = id
          $0.asOfPosition = first.position
        }
      )
      #expect(then.post.body == "One")
      let before = await refusal {
        _ = try await platform.posts.getRevision(
          .with {
            $0.postID = id
            $0.asOfPosition = first.position - 1
          }
        )
      }
      #expect(before == Refusal(.notFound, "not-found"))
    }
  }

  @Test func onlyOperatorsSayWhenItHappened() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      let time = "2016-03-01T10:00:00.000000Z"
      let refused = await refusal {
        _ = try await platform.draft(
          "Old",
          by: "anna",
          call: .as("user_anna").with(CallKeys.occurredAt, time)
        )
      }
      #expect(refused == Refusal(.permissionDenied, "forbidden"))
      let imported = try await platform.draft(
        "Old",
        by: "anna",
        call: .as("user_anna", "operator").with(CallKeys.occurredAt, time)
      )
      #expect(imported.post.createdAt == Timestamp(time)?.microseconds)
      #expect(imported.post.ownerID == "user_anna")
      let date = await refusal {
        _ = try await platform.posts.publish(
          .with {
            $0.postID = imported.post.postID
            $0.publishedAt = 1
          },
          metadata: Call.as("user_anna").metadata
        )
      }
      #expect(date == Refusal(.permissionDenied, "forbidden"))
    }
  }

  @Test func aReadWaitsForItsPositionOrSaysSo() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      let draft = try await platform.draft("Tides", by: "anna")
      let beyond = await refusal {
        _ = try await platform.get(
          draft.post.postID,
          Call.as("user_anna").after(draft.position + 1000)
        )
      }
      #expect(beyond == Refusal(.outOfRange, "position-beyond-head"))
    }
  }
}
