import EventLogCore
import ServiceKit
import Testing
import UsersService

@Suite struct DecidingAccounts {
  typealias Rule = Scenario<Account>
  let anna = Account.Event.registered(
    id: "user_a",
    username: "anna",
    profile: Profile(displayName: "Anna")
  )
  let provisioned = Account.Event.provisioned(id: "user_a", username: "user-12345678")

  @Test func registeringMakesAnAccount() {
    Rule.given()
      .when(.register(id: "user_a", username: "anna", profile: Profile(displayName: "Anna")))
      .then(anna)
  }

  @Test func registeringTheSameAgainChangesNothing() {
    Rule.given(anna)
      .when(.register(id: "user_a", username: "anna", profile: Profile(displayName: "Anna")))
      .thenNothing()
  }

  @Test func registeringAnotherContentIsRejected() {
    Rule.given(anna).when(.register(id: "user_a", username: "bert", profile: Profile()))
      .thenRejected(.alreadyRegistered)
  }

  @Test func aTakenNameIsRejected() {
    Rule.given()
      .when(.register(id: "user_a", username: "anna", profile: Profile(), isTaken: true))
      .thenRejected(.alreadyTaken)
    Rule.given(anna).when(.changeUsername(to: "bert", isTaken: true)).thenRejected(.alreadyTaken)
  }

  @Test func aProvisionalAccountIsFilledByRegistering() {
    Rule.given(provisioned)
      .when(.register(id: "user_a", username: "anna", profile: Profile(displayName: "Anna")))
      .then(anna)
  }

  @Test func provisioningAnExistingAccountChangesNothing() {
    Rule.given(anna).when(.provision(id: "user_a", username: "user-87654321")).thenNothing()
  }

  @Test func aUsernameChangesOnce() {
    Rule.given(anna).when(.changeUsername(to: "bert"))
      .then(.usernameChanged(to: "bert", from: "anna"))
    Rule.given(anna).when(.changeUsername(to: "anna")).thenNothing()
  }

  @Test func onlyChangedMembersOfAProfileMakeAnEvent() {
    Rule.given(anna).when(.editProfile(ProfileChange(displayName: "Anna", bio: "Sailor")))
      .then(.profileEdited(ProfileChange(bio: "Sailor")))
    Rule.given(anna).when(.editProfile(ProfileChange(displayName: "Anna"))).thenNothing()
  }

  @Test func rolesAreGrantedAndRevokedOnce() {
    Rule.given(anna).when(.setRole(.moderator, isGranted: true)).then(.roleGranted(.moderator))
    Rule.given(anna, .roleGranted(.moderator)).when(.setRole(.moderator, isGranted: true))
      .thenNothing()
    Rule.given(anna, .roleGranted(.moderator)).when(.setRole(.moderator, isGranted: false))
      .then(.roleRevoked(.moderator))
    Rule.given(anna).when(.setRole(.administrator, isGranted: false)).thenNothing()
  }

  @Test func aSuspendedAccountChangesNothingOfItself() {
    Rule.given(anna).when(.suspend(reason: "spam")).then(.suspended(reason: "spam"))
    let suspended = Account.Event.suspended(reason: "spam")
    Rule.given(anna, suspended).when(.suspend(reason: "more")).thenNothing()
    Rule.given(anna, suspended).when(.changeUsername(to: "bert")).thenRejected(.suspended)
    Rule.given(anna, suspended).when(.editProfile(ProfileChange(bio: "x")))
      .thenRejected(.suspended)
    Rule.given(anna, suspended).when(.reinstate).then(.reinstated)
    Rule.given(anna).when(.reinstate).thenNothing()
  }

  @Test func aDeletedAccountStaysDeleted() {
    Rule.given(anna).when(.delete).then(.deleted)
    Rule.given(anna, .deleted).when(.delete).thenNothing()
    Rule.given(anna, .deleted).when(.provision(id: "user_a", username: "user-1"))
      .thenRejected(.deleted)
    Rule.given(anna, .deleted).when(.register(id: "user_a", username: "anna", profile: Profile()))
      .thenRejected(.deleted)
  }

  @Test func anUnknownAccountIsNotFound() {
    Rule.given().when(.changeUsername(to: "bert")).thenRejected(.unknown)
    Rule.given().when(.delete).thenRejected(.unknown)
  }

  @Test func formerNamesAreNotClaimedAgain() {
    let state = Account.fold([anna, .usernameChanged(to: "bert", from: "anna")])
    #expect(Account.claims(of: .usernameChanged(to: "ANNA", from: "bert"), given: state).isEmpty)
    #expect(
      Account.claims(of: .usernameChanged(to: "Émile", from: "bert"), given: state)
        == ["username:émile"]
    )
  }

  @Test func namesAreComparedComposedAndInLowerCase() {
    #expect(Tag.username("E\u{301}MILE") == Tag.username("Émile"))
  }

  @Test func aFollowIsRepeatedWithoutHarm() {
    let followed = Follow.Event.followed(by: "user_a", whom: "user_b")
    Scenario<Follow>.given().when(.follow(by: "user_a", whom: "user_b")).then(followed)
    Scenario<Follow>.given(followed).when(.follow(by: "user_a", whom: "user_b")).thenNothing()
    Scenario<Follow>.given(followed).when(.unfollow(by: "user_a", whom: "user_b"))
      .then(.unfollowed(by: "user_a", whom: "user_b"))
    Scenario<Follow>.given().when(.unfollow(by: "user_a", whom: "user_b")).thenNothing()
    Scenario<Follow>.given().when(.follow(by: "user_a", whom: "user_a")).thenRejected(.oneself)
  }
}
