/// The laws of the event log, one function each, named by number and rule.
///
/// - Shape: every law takes a fixture and makes fresh logs of it; it records an issue for each
///   way in which the engine breaks the law.
/// - Source: the specification of the event log, section 1. What needs a child process or damaged
///   files (L42 to L44) stands with the engine's own tests.
public enum EventLogLaws {}
