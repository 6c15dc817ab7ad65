import EventLogCore
import GRPCCore
import Schemas
import ServiceKit
import SwiftProtobuf
import Testing
import UsersService

@Suite(.timeLimit(.minutes(1))) struct ServingUsers {
  @Test func anAccountIsFoundByIdAndByEveryNameItHad() async throws {
    try await Platform.run { platform in
      try await platform.register("Anna")
      let renamed = try await platform.users.changeUsername(
        .with {
          $0.userID = "user_Anna"
          $0.username = "Émile"
        },
        metadata: Call.as("user_Anna").metadata
      ) { try UserAnswer($0) }
      let call = Call.nobody.after(renamed.position)
      for name in ["anna", "ANNA", "émile", "E\u{301}mile"] {
        let found = try await platform.users.getUser(
          .with { $0.username = name },
          metadata: call.metadata
        )
        #expect(found.user.userID == "user_Anna")
        #expect(found.user.username == "Émile")
      }
      let byID = try await platform.users.getUser(
        .with { $0.userID = "user_Anna" },
        metadata: call.metadata
      )
      #expect(byID.user == renamed.user)
    }
  }

  @Test func aNameBelongsToOneAccountForEver() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      _ = try await platform.users.changeUsername(
        .with {
          $0.userID = "user_anna"
          $0.username = "emil"
        },
        metadata: Call.as("user_anna").metadata
      )
      for name in ["ANNA", "emil"] {
        let taken = await refusal {
          _ = try await platform.users.register(
            .with {
              $0.userID = "user_b"
              $0.username = name
            },
            metadata: Call.operator.metadata
          )
        }
        #expect(taken == Refusal(.failedPrecondition, "already-taken"))
      }
      // Its own former name an account takes back.
      let back = try await platform.users.changeUsername(
        .with {
          $0.userID = "user_anna"
          $0.username = "anna"
        },
        metadata: Call.as("user_anna").metadata
      )
      #expect(back.user.username == "anna")
    }
  }

  @Test func ofTwentyAccountsThatWantOneNameOneGetsIt() async throws {
    try await Platform.run { platform in
      let results = await withTaskGroup(of: Refusal?.self) { group in
        for number in 0..<20 {
          group.addTask {
            await refusal {
              _ = try await platform.users.register(
                .with {
                  $0.userID = "user_\(number)"
                  $0.username = "wanted"
                },
                metadata: Call.operator.metadata
              )
            }
          }
        }
        return await group.reduce(into: [Refusal?]()) { $0.append($1) }
      }
      #expect(results.count { $0 == nil } == 1)
      #expect(results.count { $0?.detail == "already-taken" } == 19)
    }
  }

  @Test func concurrentFirstRequestsProvisionOneAccount() async throws {
    try await Platform.run { platform in
      let names = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<10 {
          group.addTask {
            try await platform.users.provision(
              .with { $0.userID = "user_new" },
              metadata: Call.as("user_new").metadata
            ).user.username
          }
        }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(names.count == 1)
      #expect(names.first?.hasPrefix("user-") == true)
      let registered = try await platform.register("new")
      #expect(!registered.user.provisional)
      #expect(registered.user.username == "new")
    }
  }

  @Test func followsAreCountedAndListedNewestFirst() async throws {
    try await Platform.run { platform in
      for name in ["anna", "bert", "carl"] { try await platform.register(name) }
      var position: UInt64 = 0
      for follower in ["bert", "carl", "carl"] {
        platform.clock.move(by: .seconds(1))
        position = try await platform.users.follow(
          .with {
            $0.followerID = "user_" + follower
            $0.followeeID = "user_anna"
          },
          metadata: Call.as("user_" + follower).metadata
        ) { try Answered($0).position }
      }
      let call = Call.nobody.after(position)
      let anna = try await platform.users.getUser(
        .with {
          $0.userID = "user_anna"
          $0.viewerID = "user_carl"
        },
        metadata: call.metadata
      )
      #expect(anna.user.followers == 2)
      #expect(anna.user.followedByViewer)
      var followers: [String] = []
      var after = protobufBytes([])
      repeat {
        let page = try await platform.users.listFollowers(
          .with {
            $0.userID = "user_anna"
            $0.limit = 1
            $0.after = after
          },
          metadata: call.metadata
        )
        followers += page.users.map(\.username)
        after = page.next
      } while !after.isEmpty
      #expect(followers == ["carl", "bert"])
      let unfollowed = try await platform.users.unfollow(
        .with {
          $0.followerID = "user_carl"
          $0.followeeID = "user_anna"
        },
        metadata: Call.as("user_carl").metadata
      ) { try Answered($0).position }
      let carl = try await platform.users.getUser(
        .with { $0.userID = "user_carl" },
        metadata: Call.nobody.after(unfollowed).metadata
      )
      #expect(carl.user.following == 0)
      let oneself = await refusal {
        _ = try await platform.users.follow(
          .with {
            $0.followerID = "user_anna"
            $0.followeeID = "user_anna"
          },
          metadata: Call.as("user_anna").metadata
        )
      }
      #expect(oneself == Refusal(.failedPrecondition, "oneself"))
    }
  }

  /// Counts come from the streams of follows, whose partitions are not the account's.
  @Test func countsReflectThePositionThatIsAskedFor() async throws {
    try await Platform.run { platform in
      for name in ["anna", "bert", "carl", "dora"] { try await platform.register(name) }
      for round in 1...50 {
        for follower in ["bert", "carl", "dora"] {
          let request = Wordweave_Users_V1_FollowRequest.with {
            $0.followerID = "user_" + follower
            $0.followeeID = "user_anna"
          }
          let metadata = Call.as("user_" + follower).metadata
          let position =
            round.isMultiple(of: 2)
            ? try await platform.users.unfollow(request, metadata: metadata) {
              try Answered($0).position
            }
            : try await platform.users.follow(request, metadata: metadata) {
              try Answered($0).position
            }
          let user = try await platform.users.getUser(
            .with { $0.userID = "user_" + follower },
            metadata: Call.nobody.after(position).metadata
          )
          #expect(user.user.following == (round.isMultiple(of: 2) ? 0 : 1))
        }
      }
    }
  }

  @Test func standingIsNeverStale() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      _ = try await platform.users.setSuspension(
        .with {
          $0.userID = "user_anna"
          $0.suspended = true
          $0.reason = "spam"
        },
        metadata: Call.as("user_m", "moderator").metadata
      )
      let standing = try await platform.users.getStanding(
        .with { $0.userIds = ["user_anna", "user_x"] }
      )
      #expect(standing.entries.map(\.reason) == ["suspended", "unknown"])
      #expect(standing.entries.map(\.exists) == [true, false])
      _ = try await platform.users.delete(
        .with { $0.userID = "user_anna" },
        metadata: Call.operator.metadata
      )
      let deleted = try await platform.users.getStanding(.with { $0.userIds = ["user_anna"] })
      #expect(deleted.entries.map(\.reason) == ["deleted"])
    }
  }

  @Test func nobodyActsForAnother() async throws {
    try await Platform.run { platform in
      try await platform.register("anna")
      let edit = await refusal {
        _ = try await platform.users.editProfile(
          .with {
            $0.userID = "user_anna"
            $0.bio = "x"
          },
          metadata: Call.as("user_bert").metadata
        )
      }
      #expect(edit == Refusal(.permissionDenied, "forbidden"))
      let role = await refusal {
        _ = try await platform.users.setRole(
          .with {
            $0.userID = "user_anna"
            $0.role = "administrator"
            $0.granted = true
          },
          metadata: Call.as("user_anna").metadata
        )
      }
      #expect(role == Refusal(.permissionDenied, "forbidden"))
    }
  }
}

@Suite struct CheckingUsers {
  private func code(_ check: () throws -> Void) -> String? {
    do {
      try check()
      return nil
    } catch let error as ValidationError {
      return error.field + " " + error.code
    } catch {
      return "\(error)"
    }
  }

  @Test func everyTextIsAcceptedAtItsLimitAndRefusedPastIt() {
    func times(_ count: Int, _ text: String = "ä") -> String {
      String(repeating: text, count: count)
    }
    #expect(code { _ = try UserRules.id("user_" + times(64, "a")) } == nil)
    #expect(code { _ = try UserRules.id("user_" + times(65, "a")) } == "userId malformed")
    #expect(code { _ = try UserRules.id("user_") } == "userId malformed")
    #expect(code { _ = try UserRules.id("anna") } == "userId malformed")
    #expect(code { _ = try UserRules.username(times(64)) } == nil)
    #expect(code { _ = try UserRules.username(times(65)) } == "username too-long")
    #expect(code { _ = try UserRules.username(times(64, "𐐨")) } == "username too-long")
    #expect(code { _ = try UserRules.username("") } == "username required")
    #expect(code { _ = try UserRules.username("a b") } == "username malformed")
    #expect(code { _ = try UserRules.username("a/b") } == "username malformed")
    #expect(code { _ = try UserRules.username("..") } == "username malformed")
    #expect(code { _ = try UserRules.displayName(times(100)) } == nil)
    #expect(code { _ = try UserRules.displayName(times(101)) } == "displayName too-long")
    #expect(code { _ = try UserRules.bio(times(2048, "a")) } == nil)
    #expect(code { _ = try UserRules.bio(times(2049, "a")) } == "bio too-long")
    #expect(code { _ = try UserRules.image("http://" + times(2041, "a")) } == nil)
    #expect(code { _ = try UserRules.image("http://" + times(2042, "a")) } == "image too-long")
    #expect(code { _ = try UserRules.image("ftp://x") } == "image malformed")
  }
}
