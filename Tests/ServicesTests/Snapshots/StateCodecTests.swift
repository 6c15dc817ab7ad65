import EventLogCore
import EventLogInMemory
import PostsService
import ServiceKit
import Testing
import UsersService

/// What is written down of a state is all of it: a fold that goes on from there goes on as if nothing
/// had happened.
@Suite struct StateCodecTests {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func accountsComeBackFromTheirForm(seed: UInt64) throws {
    try check(AccountStates.self, seed: seed) { random in
      switch Int.random(in: 0..<9, using: &random) {
      case 0:
        .registered(
          id: "user_1",
          username: Self.text(&random),
          profile: Profile(
            displayName: Self.text(&random),
            bio: Self.text(&random),
            image: Self.text(&random)
          )
        )
      case 1: .provisioned(id: "user_1", username: Self.text(&random))
      case 2: .usernameChanged(to: Self.text(&random), from: "")
      case 3: .profileEdited(ProfileChange(displayName: "", bio: Self.text(&random)))
      case 4: .roleGranted(Bool.random(using: &random) ? .moderator : .administrator)
      case 5: .roleRevoked(.moderator)
      case 6: .suspended(reason: Self.text(&random))
      case 7: .reinstated
      default: Int.random(in: 0..<10, using: &random) == 0 ? .deleted : .reinstated
      }
    }
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func postsComeBackFromTheirForm(seed: UInt64) throws {
    var next: Int64 = 0
    try check(PostStates.self, seed: seed) { random in
      next += 1
      return switch next == 1 ? 0 : Int.random(in: 1..<8, using: &random) {
      case 0:
        .drafted(
          id: "018f3c1e-0000-7000-8000-000000000001",
          owner: "user_1",
          Content(
            title: Self.text(&random),
            body: Self.text(&random),
            tags: ["", Self.text(&random)],
            byline: []
          )
        )
      case 1: .edited(ContentChange(title: Self.text(&random), tags: []))
      case 2: .edited(ContentChange(body: Self.text(&random), byline: ["", "user_2"]))
      case 3: .edited(ContentChange(summary: "", cover: Self.text(&random), slug: "s\(next)"))
      case 4: .published(slug: "s\(next % 5)", former: "", at: Timestamp(microseconds: -next))
      case 5: .unpublished
      case 6: .deleted(reason: "", at: Timestamp(microseconds: next % 2))
      default: .restored
      }
    }
  }

  @Test func followsComeBackFromTheirForm() throws {
    try check(FollowStates.self, seed: 1) { random in
      Bool.random(using: &random)
        ? .followed(by: "a", whom: "b") : .unfollowed(by: "a", whom: "b")
    }
  }

  @Test func aStateOfNothingKnownIsNotKept() throws {
    #expect(try AccountStates.encode(Account.initial) == nil)
    #expect(try PostStates.encode(Post.initial) == nil)
  }

  @Test func everyKindOfEventIsInTheSpecimen() throws {
    let types = try AccountStates.specimen.map { try AccountCodec.encode($0).type }
    #expect(Set(types) == Set(AccountCodec.types))
    let follows = try FollowStates.specimen.map { try FollowCodec.encode($0).type }
    #expect(Set(follows) == Set(FollowCodec.types))
    let posts = try PostStates.specimen.map { try PostCodec.encode($0).type }
    #expect(Set(posts) == Set(PostCodec.types))
  }

  @Test func aShapeIsTheSameEachTimeAndAnotherForEachFold() throws {
    #expect(try AccountStates.shape() == AccountStates.shape())
    #expect(try AccountStates.shape() != OtherStates.shape())
    #expect(try OtherStates.shape().name == AccountStates.name)
  }

  /// The same states, written down otherwise.
  private enum OtherStates: StateCodec {
    typealias D = Account
    static let name = AccountStates.name
    static let version = AccountStates.version
    static let specimen = AccountStates.specimen
    static func encode(_ state: Account.State) throws -> [UInt8]? {
      state.suspension == nil ? try AccountStates.encode(state) : [1]
    }
    static func decode(_ bytes: [UInt8]) throws -> Account.State {
      try AccountStates.decode(bytes)
    }
  }

  /// Two folds of a random history: one goes on from the written form at every step.
  private func check<Codec: StateCodec>(
    _ codec: Codec.Type,
    seed: UInt64,
    _ event: (inout SplitMix) -> Codec.D.Event
  ) throws where Codec.D.State: Equatable & MomentTaking {
    var random = SplitMix(seed: seed)
    var straight = Codec.D.initial
    var written = Codec.D.initial
    for index in 0..<40 {
      let event = event(&random)
      let moment = StreamMoment(
        time: Timestamp(microseconds: Int64.random(in: 0..<1000, using: &random)),
        revision: StreamRevision(UInt64(index))
      )
      straight.enter(moment)
      Codec.D.evolve(&straight, with: event)
      written.enter(moment)
      Codec.D.evolve(&written, with: event)
      #expect(straight == written, "seed \(seed), event \(index)")
      guard let bytes = try Codec.encode(straight) else { continue }
      written = try Codec.decode(bytes)
      #expect(straight == written, "seed \(seed), event \(index)")
      #expect(try Codec.encode(written) == bytes, "seed \(seed), event \(index)")
    }
  }

  private static func text(_ random: inout SplitMix) -> String {
    ["", "a", "é", "e\u{301}", "x\u{0}y", "Straße", "STRASSE"].randomElement(using: &random) ?? ""
  }
}

/// A small generator, so that a seed tells all.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
