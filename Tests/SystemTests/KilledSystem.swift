import Testing

/// Tests of systems that end badly or may not start: killed, without room, in strange surroundings.
@Suite(.serialized) struct KilledSystem {}
