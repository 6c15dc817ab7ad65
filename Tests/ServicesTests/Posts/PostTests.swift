import EventLogCore
import PostsService
import ServiceKit
import Testing

@Suite struct DecidingPosts {
  typealias Rule = Scenario<Post>
  let noon = Timestamp(microseconds: 1_790_000_000_000_000)
  let id = "018f3c1e-0000-7000-8000-000000000001"
  let owner = Caller(id: "user_a")
  let other = Caller(id: "user_b")
  let moderator = Caller(id: "user_m", roles: [.moderator])
  let content = Content(title: "Tides", body: "High and low.", tags: ["sea"])

  var drafted: Post.Event { .drafted(id: id, owner: "user_a", content) }
  var published: Post.Event { .published(slug: "tides", former: "", at: noon) }
  func command(_ action: Post.Action, by caller: Caller? = nil, after: Duration = .zero)
    -> Post.Command
  {
    Post.Command(action, by: caller ?? owner, at: noon.advanced(by: after))
  }
  func publish(taken: Set<String> = [], at: Timestamp? = nil, by caller: Caller? = nil)
    -> Post.Command
  {
    command(.publish(at: at, taken: taken, suffix: "f00dcafe"), by: caller)
  }

  @Test func creatingMakesADraft() {
    Rule.given().when(command(.create(id: id, content))).then(drafted)
    Rule.given(drafted).when(command(.create(id: id, content))).thenNothing()
    Rule.given(drafted).when(command(.create(id: id, Content(title: "Other"))))
      .thenRejected(.alreadyExists)
    Rule.given().when(command(.create(id: id, content), by: Caller(id: nil)))
      .thenRejected(.forbidden)
  }

  @Test func onlyChangedMembersMakeAnEvent() {
    Rule.given(drafted).when(command(.edit(ContentChange(title: "Tides", body: "Low."))))
      .then(.edited(ContentChange(body: "Low.")))
    Rule.given(drafted).when(command(.edit(ContentChange(title: "Tides")))).thenNothing()
  }

  @Test func aBodyOfOtherBytesIsAnotherBody() {
    let first = Post.Event.drafted(id: id, owner: "user_a", Content(title: "é"))
    Rule.given(first).when(command(.edit(ContentChange(title: "e\u{301}"))))
      .then(.edited(ContentChange(title: "e\u{301}")))
  }

  @Test func publishingTwiceChangesNothing() {
    Rule.given(drafted).when(publish()).then(published)
    Rule.given(drafted, published).when(publish()).thenNothing()
  }

  @Test func editsShowAfterTheNextPublication() {
    let edited = Post.Event.edited(ContentChange(body: "Low."))
    Rule.given(drafted, published, edited).when(publish())
      .then(.published(slug: "tides", former: "", at: noon))
  }

  @Test func aRetitledPostKeepsItsSlug() {
    let edited = Post.Event.edited(ContentChange(title: "Waves"))
    Rule.given(drafted, published, edited).when(publish()).then(published)
  }

  @Test func aWantedSlugIsTakenAtThePublication() {
    let wish = Post.Event.edited(ContentChange(slug: "waves"))
    Rule.given(drafted, published, wish).when(publish())
      .then(.published(slug: "waves", former: "tides", at: noon))
    let moved = Post.Event.published(slug: "waves", former: "tides", at: noon)
    let back = Post.Event.edited(ContentChange(slug: "tides"))
    Rule.given(drafted, published, wish, moved, back).when(publish(taken: ["tides"]))
      .then(.published(slug: "tides", former: "waves", at: noon))
  }

  @Test func aTakenSlugIsNumberedThenRandom() {
    Rule.given(drafted).when(publish(taken: ["tides"]))
      .then(.published(slug: "tides-2", former: "", at: noon))
    let taken = Set(["tides"] + (2...9).map { "tides-\($0)" })
    Rule.given(drafted).when(publish(taken: taken))
      .then(.published(slug: "tides-f00dcafe", former: "", at: noon))
  }

  @Test func reservedAndEmptySlugsAreAvoided() {
    Rule.given(.drafted(id: id, owner: "user_a", Content(title: "Feed"))).when(publish())
      .then(.published(slug: "feed-2", former: "", at: noon))
    Rule.given(.drafted(id: id, owner: "user_a", Content(title: "日本"))).when(publish())
      .then(.published(slug: "018f3c1e-0000", former: "", at: noon))
  }

  @Test func anUnpublishedPostKeepsItsSlugAndDate() {
    Rule.given(drafted, published).when(command(.unpublish)).then(.unpublished)
    Rule.given(drafted).when(command(.unpublish)).thenNothing()
    Rule.given(drafted, published, .unpublished)
      .when(
        Post.Command(
          .publish(at: nil, taken: [], suffix: ""),
          by: owner,
          at: noon.advanced(by: .seconds(9))
        )
      )
      .then(published)
  }

  @Test func aDeletedPostIsRestorableForThirtyDays() {
    let deleted = Post.Event.deleted(reason: "old", at: noon)
    Rule.given(drafted).when(command(.delete(reason: "old"))).then(deleted)
    Rule.given(drafted, deleted).when(command(.delete(reason: "more"))).thenNothing()
    Rule.given(drafted, deleted).when(command(.restore, after: .seconds(30 * 86_400)))
      .then(.restored)
    Rule.given(drafted, deleted).when(command(.restore, after: .seconds(30 * 86_400 + 1)))
      .thenRejected(.restorePeriodOver)
    Rule.given(drafted).when(command(.restore)).thenNothing()
  }

  @Test func aDeletedPostIsNotChanged() {
    let deleted = Post.Event.deleted(reason: "", at: noon)
    Rule.given(drafted, deleted).when(command(.edit(ContentChange(title: "x"))))
      .thenRejected(.deleted)
    Rule.given(drafted, deleted).when(publish()).thenRejected(.deleted)
    Rule.given(drafted, deleted).when(command(.unpublish)).thenRejected(.deleted)
  }

  @Test func anothersDraftIsNotFoundAndAnothersPostForbidden() {
    let edit = Post.Action.edit(ContentChange(title: "x"))
    Rule.given(drafted).when(command(edit, by: other)).thenRejected(.unknown)
    Rule.given(drafted, published).when(command(edit, by: other)).thenRejected(.forbidden)
    Rule.given(drafted, published).when(publish(by: other)).thenRejected(.forbidden)
    Rule.given(drafted, published).when(command(.delete(reason: ""), by: other))
      .thenRejected(.forbidden)
    Rule.given().when(command(edit)).thenRejected(.unknown)
  }

  @Test func moderatorsDeleteAndRestoreButDoNotWrite() {
    Rule.given(drafted, published).when(command(.delete(reason: "spam"), by: moderator))
      .then(.deleted(reason: "spam", at: noon))
    Rule.given(drafted, published).when(command(.edit(ContentChange(title: "x")), by: moderator))
      .thenRejected(.forbidden)
  }

  @Test func restoringARevisionIsAnEditThatNamesIt() {
    let edited = Post.Event.edited(ContentChange(body: "Low."))
    Rule.given(drafted, edited)
      .when(command(.edit(ContentChange(restoring: content, from: 0))))
      .then(.edited(ContentChange(body: "High and low.", restoredFrom: 0)))
    Rule.given(drafted).when(command(.edit(ContentChange(restoring: content, from: 0))))
      .thenNothing()
  }

  @Test func aPostClaimsEachSlugOnce() {
    let state = Post.fold([drafted, published])
    #expect(Post.claims(of: published, given: state).isEmpty)
    #expect(
      Post.claims(of: .published(slug: "waves", former: "tides", at: noon), given: state)
        == ["slug:waves"]
    )
  }
}
