import Testing

/// Tests of the built program as its users have it: processes, HTTP and the command line.
///
/// They run one after the other: some keep the machine busy by themselves, and one beside them would
/// only make both slower. Those that kill, fill or break a system mostly wait for it to start again;
/// they are a line of their own, `KilledSystem`, beside this one.
@Suite(.serialized) struct WholeSystem {}
