import EventLogCore
import PostsService
import Testing
import UsersService

@Suite struct GoldenEvents {
  @Test(arguments: [
    Account.Event.registered(
      id: "user_2a",
      username: "émile",
      profile: Profile(displayName: "Émile", bio: "Sailor", image: "https://example.org/e.png")
    ),
    .provisioned(id: "user_2a", username: "user-0f9a31c2"),
    .usernameChanged(to: "emil", from: "émile"),
    .profileEdited(ProfileChange(displayName: "", bio: "Captain")),
    .roleGranted(.moderator), .roleRevoked(.administrator), .suspended(reason: "spam"),
    .reinstated, .deleted,
  ])
  func accountsAreReadAsTheyWereWritten(event: Account.Event) async throws {
    try await Golden.check(AccountCodec.self, event)
  }

  @Test(arguments: [
    Follow.Event.followed(by: "user_2a", whom: "user_3b"),
    .unfollowed(by: "user_2a", whom: "user_3b"),
  ])
  func followsAreReadAsTheyWereWritten(event: Follow.Event) async throws {
    try await Golden.check(FollowCodec.self, event)
  }

  @Test(arguments: [
    Post.Event.drafted(
      id: "018f3c1e-0000-7000-8000-000000000001",
      owner: "user_2a",
      Content(
        title: "Tides",
        summary: "High and low",
        body: "# Tides\r\n\nThe e\u{301}bb.\n",
        tags: ["sea", "moon"],
        cover: "/media/1",
        byline: ["user_2a", "user_3b"]
      )
    ),
    .edited(
      ContentChange(
        title: "Waves",
        body: "",
        tags: [],
        byline: ["user_3b"],
        slug: "waves",
        restoredFrom: 0
      )
    ),
    .published(
      slug: "waves",
      former: "tides",
      at: Timestamp(microseconds: 1_790_000_000_000_001)
    ),
    .unpublished,
    .deleted(reason: "old", at: Timestamp(microseconds: 1_790_000_000_000_002)), .restored,
  ])
  func postsAreReadAsTheyWereWritten(event: Post.Event) async throws {
    try await Golden.check(PostCodec.self, event)
  }

  @Test func everyTypeHasItsFile() {
    let types = AccountCodec.types + FollowCodec.types + PostCodec.types
    let missing = types.filter { !Fixture.names.contains("\($0).v1") }
    #expect(missing.isEmpty)
  }
}
