// Laws L9 to L14: a condition sees everything before its request, committed or only planned.

extension CommitPlanner {
  enum ConditionJudgement {
    case passes
    case fails(GlobalPosition)
    case stale
    case tooLong
  }

  mutating func judge(
    _ condition: PreparedCondition,
    _ facts: ColdFacts
  ) -> ConditionJudgement {
    guard condition.after < head else { return .passes }
    if condition.matchesEverything { return .fails(GlobalPosition(condition.after + 1)) }
    var after = condition.after
    if facts.hasCondition {
      if let match = facts.firstMatch { return .fails(GlobalPosition(match)) }
      after = max(after, facts.head)
    }
    guard tail.covers(after: after) else { return .stale }
    switch tail.firstMatch(condition, after: after) {
    case .noMatch: return .passes
    case .firstMatch(let match): return .fails(GlobalPosition(match))
    case .tooLong: return .tooLong
    }
  }
}
