import EventLogCore
import Gateway
import HTTPClientDriver
import Testing

@testable import WordWeave

extension WholeSystem {
  @Suite(.serialized, .enabled(if: SharedBlog.isThere, SharedBlog.comment), .importedBlog)
  struct RealBlogTests {
    private func blog() throws -> ImportedBlog { try #require(ImportedBlog.current) }

    @Test func importingTellsWhatIsUntidyAndFailsNothing() throws {
      let report = try blog().report
      #expect(report.code == 0, "\(report.complaints)")
      let told = try report.json()
      #expect(told["inputs"]?.integer == 870)
      #expect(told["posts"]?.integer == 172)
      #expect(told["failures"]?.items?.count == 0)
      #expect(told["findings"]?.items?.contains { $0["kind"]?.text == "no-author" } == true)
      #expect(told["eventsAdded"]?.integer == told["commands"]?.integer)
    }

    @Test func postsReadByHTTPAreTheFilesExactly() async throws {
      let system = try blog().system
      let files = try SharedBlog.posts()
      #expect(files.count == 172)
      let listed = try await system.walk()
      #expect(listed.count == 172)
      // Two files want one address, so titles and dates name the posts.
      let slugs = Dictionary(
        listed.map { post in
          (
            "\(post["title"]?.text ?? "") at \(post["publishedAt"]?.text ?? "")",
            post["slug"]?.text ?? ""
          )
        },
        uniquingKeysWith: { first, _ in first }
      )
      #expect(slugs.count == 172)
      for file in files {
        let date = try #require(FrontMatterDate.moment(file.date), "\(file.file)")
        let slug = try #require(slugs["\(file.title) at \(date)"], "\(file.file)")
        let response = try await system.send("GET", "/v1/posts/by-slug/" + slug)
        #expect(response.status == 200, "\(file.file)")
        let post = try response.json()
        #expect(post["body"]?.text.map { Array($0.utf8) } == file.body, "\(file.file)")
        #expect(
          post["tags"]?.items?.compactMap(\.text) == (file.category.map { [$0] } ?? []),
          "\(file.file)"
        )
        let byline = post["byline"]?.items?.compactMap(\.text) ?? []
        #expect(post["ownerId"]?.text?.hasPrefix("user_") == true, "\(file.file)")
        guard !file.authors.isEmpty else { continue }
        var names: [String] = []
        for id in byline {
          let user = try await system.send("GET", "/v1/users/" + id).json()
          names.append(user["username"]?.text ?? "")
        }
        #expect(names == file.authors, "\(file.file)")
      }
    }

    @Test func everyPostHasItsHistoryAndItsDiffs() async throws {
      let system = try blog().system
      let token = system.operatorToken
      var changes = 0
      for post in try await system.walk(limit: 100) {
        let id = try #require(post["id"]?.text)
        let newest = try #require(post["revision"]?.integer)
        var revisions: [JSONValue] = []
        var cursor = ""
        repeat {
          let path = "/v1/posts/\(id)/revisions?limit=100\(cursor)"
          let page = try await system.send("GET", path, token: token).json()
          revisions += page["items"]?.items ?? []
          cursor = page["next"]?.text.map { "&cursor=" + Query.encoded($0) } ?? ""
        } while !cursor.isEmpty
        // Lists of a history go in its order.
        let numbers = revisions.compactMap { $0["revision"]?.integer }
        #expect(numbers.sorted() == Array(0...newest), "\(id)")
        #expect(revisions.allSatisfy { $0["actorId"]?.text?.hasPrefix("user_") == true }, "\(id)")
        // Authors' own times, not that of the import: the newest change is of August 2026.
        #expect(revisions.allSatisfy { $0["at"]?.text ?? "9" < "2026-09" }, "\(id)")
        changes += revisions.count { $0["change"]?.text == "PostEdited" }
        let diff = try await system.send(
          "GET",
          "/v1/posts/\(id)/diff?from=0&to=\(newest)",
          token: token
        )
        #expect(diff.status == 200, "\(id)")
        #expect(try diff.json()["members"]?.items != nil, "\(id)")
      }
      let types = try await system.json("/v1/admin/log")["types"]?.items ?? []
      let edited = types.first { $0["type"]?.text == "PostEdited" }
      #expect(edited?["events"]?.integer == Int64(changes))
    }

    @Test func aSecondImportAddsNoEvent() async throws {
      let system = try blog().system
      let before = try await system.head()
      let again = try await system.importBlog()
      #expect(again.code == 0, "\(again.complaints)")
      let told = try again.json()
      #expect(told["eventsAdded"]?.integer == 0)
      #expect(told["repeats"]?.integer == told["commands"]?.integer)
      #expect(try await system.head() == before)
    }

    @Test func logAndReadModelsOfTheBlogAreSound() async throws {
      try await blog().system.expectSound()
    }
  }
}
