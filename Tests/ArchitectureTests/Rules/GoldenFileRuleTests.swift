import Testing

@Suite struct GoldenFileRuleTests {
  private let schema = SourceFile(
    path: "schemas/wordweave/posts/v1/events.proto",
    text: """
      // message Nothing {}
      message PostDrafted {
        string title = 1;
        TextList tags = 2;
      }
      message TextList { repeated string values = 1; }
      message PostDeleted {}
      """
  )

  @Test func partsOfEventsAreNoEvents() {
    #expect(GoldenFileRule.eventTypes(in: schema.text) == ["PostDrafted", "PostDeleted"])
  }

  @Test func anEventWithoutGoldenFileIsTold() {
    let one = ["Tests/SchemasTests/Fixtures/posts/PostDrafted.v1.hex"]
    let both = one + ["Tests/SchemasTests/Fixtures/wordweave.posts.v1.PostDeleted-1.bin"]
    #expect(GoldenFileRule.findings(schema: schema, fixtures: both).isEmpty)
    #expect(GoldenFileRule.findings(schema: schema, fixtures: one).count == 1)
  }
}
