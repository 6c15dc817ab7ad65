extension Problem {
  /// One kind of problem: its slug names the page that explains it.
  package struct Kind: Sendable, Equatable {
    /// The last part of the type's address.
    package let slug: String
    /// The HTTP status.
    package let status: Int
    /// A few words, the same for every occurrence.
    package let title: String
    /// A sentence or two for the page, and the detail where nothing better is known.
    package let summary: String

    /// The address of the page that explains it.
    package var type: String { "/problems/" + slug }

    private init(_ slug: String, _ status: Int, _ title: String, _ summary: String) {
      self.slug = slug
      self.status = status
      self.title = title
      self.summary = summary
    }

    package static func == (left: Kind, right: Kind) -> Bool { left.slug == right.slug }

    // 400
    package static let malformedRequest = Kind(
      "malformed-request",
      400,
      "Malformed request",
      "The request cannot be read."
    )
    package static let cursorInvalid = Kind(
      "cursor-invalid",
      400,
      "Invalid cursor",
      "The cursor was changed, comes from elsewhere or belongs to other filters."
    )
    package static let idempotencyKeyMissing = Kind(
      "idempotency-key-missing",
      400,
      "Idempotency-Key missing",
      "This request must name an Idempotency-Key."
    )
    package static let idempotencyKeyMalformed = Kind(
      "idempotency-key-malformed",
      400,
      "Malformed Idempotency-Key",
      "An Idempotency-Key is a quoted string of 1 to 255 printable characters."
    )
    package static let positionBeyondHead = Kind(
      "position-beyond-head",
      400,
      "Position beyond the head",
      "The log has not come as far as the position asked for."
    )
    // 401
    package static let unauthenticated = Kind(
      "unauthenticated",
      401,
      "Not signed in",
      "This needs a token."
    )
    package static let tokenInvalid = Kind(
      "token-invalid",
      401,
      "Invalid token",
      "The token cannot be accepted."
    )
    package static let invalidTokenType = Kind(
      "invalid-token-type",
      401,
      "Invalid token type",
      "Only session tokens are accepted."
    )
    package static let tokenInvalidIssuer = Kind(
      "token-invalid-issuer",
      401,
      "Invalid issuer",
      "The token was not issued for this gateway."
    )
    package static let jwkKidMismatch = Kind(
      "jwk-kid-mismatch",
      401,
      "Unknown key",
      "The token names a key that its issuer does not have."
    )
    package static let tokenInvalidSignature = Kind(
      "token-invalid-signature",
      401,
      "Invalid signature",
      "The token's signature is not right."
    )
    package static let tokenExpired = Kind(
      "token-expired",
      401,
      "Token expired",
      "The token's life is over."
    )
    package static let tokenNotActiveYet = Kind(
      "token-not-active-yet",
      401,
      "Token not active yet",
      "The token's life has not begun."
    )
    package static let tokenIatInTheFuture = Kind(
      "token-iat-in-the-future",
      401,
      "Token from the future",
      "The token was issued in the future."
    )
    package static let tokenInvalidAuthorizedParties = Kind(
      "token-invalid-authorized-parties",
      401,
      "Invalid authorized party",
      "The token was made for another origin."
    )
    package static let tokenInvalidAudience = Kind(
      "token-invalid-audience",
      401,
      "Invalid audience",
      "The token is meant for somebody else."
    )
    package static let accountDeleted = Kind(
      "account-deleted",
      401,
      "Account deleted",
      "The token's account does not exist any more."
    )
    package static let credentialsInvalid = Kind(
      "credentials-invalid",
      401,
      "Invalid credentials",
      "There is no such account, or the password is another one."
    )
    // 403
    package static let forbidden = Kind(
      "forbidden",
      403,
      "Forbidden",
      "The caller may not do this."
    )
    package static let csrf = Kind(
      "csrf",
      403,
      "Foreign origin",
      "A change or an export with a cookie must come from an origin on the list."
    )
    package static let sessionPending = Kind(
      "session-pending",
      403,
      "Session pending",
      "The session is not complete yet."
    )
    package static let accountSuspended = Kind(
      "account-suspended",
      403,
      "Account suspended",
      "The account may not write, nor administer."
    )
    package static let impersonationNotAllowed = Kind(
      "impersonation-not-allowed",
      403,
      "Impersonation not allowed",
      "This cannot be done in somebody else's name."
    )
    // 404 to 410
    package static let notFound = Kind(
      "not-found",
      404,
      "Not found",
      "There is nothing here, or nothing for this caller."
    )
    package static let methodNotAllowed = Kind(
      "method-not-allowed",
      405,
      "Method not allowed",
      "Allow names the methods that are."
    )
    package static let notAcceptable = Kind(
      "not-acceptable",
      406,
      "Not acceptable",
      "There is no such representation."
    )
    package static let requestTimeout = Kind(
      "request-timeout",
      408,
      "Request timeout",
      "The body took too long to arrive."
    )
    package static let conflict = Kind(
      "conflict",
      409,
      "Conflict",
      "Others changed the same thing at the same time."
    )
    package static let alreadyTaken = Kind(
      "already-taken",
      409,
      "Already taken",
      "Somebody else has it."
    )
    package static let idempotencyInFlight = Kind(
      "idempotency-in-flight",
      409,
      "Still at work",
      "The first request with this Idempotency-Key has not been answered yet."
    )
    package static let logChanged = Kind(
      "log-changed",
      409,
      "Another log",
      "The position is of another log."
    )
    package static let gone = Kind("gone", 410, "Gone", "It was here and was deleted.")
    // 412 to 431
    package static let revisionConflict = Kind(
      "revision-conflict",
      412,
      "Revision conflict",
      "The resource changed since the revision that If-Match names."
    )
    package static let bodyTooLarge = Kind(
      "body-too-large",
      413,
      "Body too large",
      "The body is larger than this route takes."
    )
    package static let uriTooLong = Kind(
      "uri-too-long",
      414,
      "URI too long",
      "The request target is longer than 8 KiB."
    )
    package static let unsupportedMediaType = Kind(
      "unsupported-media-type",
      415,
      "Unsupported media type",
      "The body is not of a media type that this route takes."
    )
    package static let validation = Kind(
      "validation",
      422,
      "Invalid content",
      "Members of the request are wrong."
    )
    package static let unknownMember = Kind(
      "unknown-member",
      422,
      "Unknown member",
      "The request has members that nobody reads."
    )
    package static let rejected = Kind("rejected", 422, "Rejected", "The rules say no.")
    package static let idempotencyKeyReused = Kind(
      "idempotency-key-reused",
      422,
      "Idempotency-Key reused",
      "The same key came with another request before."
    )
    package static let ifMatchRequired = Kind(
      "if-match-required",
      428,
      "If-Match required",
      "A change must name the revision that it changes."
    )
    package static let headersTooLarge = Kind(
      "headers-too-large",
      431,
      "Header fields too large",
      "The header fields are larger than 16 KiB."
    )
    // 5xx
    package static let `internal` = Kind(
      "internal",
      500,
      "Internal error",
      "Something went wrong here; the request id finds it."
    )
    package static let damaged = Kind(
      "log-damaged",
      500,
      "Log damaged",
      "What is stored is damaged; the request id finds it."
    )
    package static let notImplemented = Kind(
      "not-implemented",
      501,
      "Not implemented",
      "This part of the system does not offer it."
    )
    package static let badUpstream = Kind(
      "bad-upstream",
      502,
      "Bad upstream answer",
      "A service answered what nobody understands."
    )
    package static let overloaded = Kind(
      "overloaded",
      503,
      "Overloaded",
      "There is too much to do at the moment."
    )
    package static let upstreamUnavailable = Kind(
      "upstream-unavailable",
      503,
      "Service unavailable",
      "A service cannot be reached."
    )
    package static let projectionLagging = Kind(
      "projection-lagging",
      503,
      "Not there yet",
      "What is read has not come as far as the position asked for."
    )
    package static let projectionParked = Kind(
      "projection-parked",
      503,
      "Waiting for repair",
      "An event of this resource could not be applied and waits for repair."
    )
    package static let jwkFailedToLoad = Kind(
      "jwk-failed-to-load",
      503,
      "Keys not loaded",
      "The issuer's keys could not be fetched."
    )
    package static let draining = Kind(
      "draining",
      503,
      "Shutting down",
      "This process is about to end."
    )
    package static let deadlineExceeded = Kind(
      "deadline-exceeded",
      504,
      "Deadline exceeded",
      "A service took too long."
    )

    /// Every kind, for the pages.
    package static let all: [Kind] = [
      malformedRequest, cursorInvalid, idempotencyKeyMissing, idempotencyKeyMalformed,
      positionBeyondHead, unauthenticated, tokenInvalid, invalidTokenType, tokenInvalidIssuer,
      jwkKidMismatch, tokenInvalidSignature, tokenExpired, tokenNotActiveYet, tokenIatInTheFuture,
      tokenInvalidAuthorizedParties, tokenInvalidAudience, accountDeleted, credentialsInvalid,
      forbidden, csrf, sessionPending, accountSuspended, impersonationNotAllowed, notFound,
      methodNotAllowed, notAcceptable, requestTimeout, conflict, alreadyTaken, idempotencyInFlight,
      logChanged, gone, revisionConflict, bodyTooLarge, uriTooLong, unsupportedMediaType,
      validation, unknownMember, rejected, idempotencyKeyReused, ifMatchRequired, headersTooLarge,
      `internal`, damaged, notImplemented, badUpstream, overloaded, upstreamUnavailable,
      projectionLagging,
      projectionParked, jwkFailedToLoad, draining, deadlineExceeded,
    ]
  }
}
