import Testing

/// Tests of several processes that share a log in Postgres.
///
/// They mostly wait for leases to end, and so run beside each other.
@Suite struct ClusterSystem {}
