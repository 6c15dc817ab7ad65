import Testing

/// Tests of the built program as its users have it: processes, HTTP and the command line.
///
/// They run one after the other: each keeps the machine busy by itself, and a second one beside it
/// would only make both slower.
@Suite(.serialized) struct WholeSystem {}
