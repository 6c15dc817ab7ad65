"""Runs the same calls of the published UmaDB client against UmaDB and WordWeave, and compares.

Usage: differential.py --umadb URL --wordweave URL [--seed N] [--calls N]

The calls are a random history that the seed repeats, those of edges.json, and then every entry of
differences.json, which must differ exactly as written there. The last line is a summary; the exit code
is 1 for any difference else.
"""

import argparse
import json
import pathlib
import sys
import time

from calls import Server, query, told
from history import TYPES, History

# After so many differences the rest would only repeat what is known.
ENOUGH = 10
# Events of the final comparison of both logs that are asked for at once.
PAGE = 5000


class Comparison:
    def __init__(self, umadb: Server, wordweave: Server) -> None:
        self.umadb, self.wordweave = umadb, wordweave
        self.calls = self.errors = 0
        self.differences: list[str] = []

    def compare(self, call: dict) -> dict | None:
        """Performs a call on both; the outcome, if it is the same."""
        theirs, ours = self.umadb.perform(call), self.wordweave.perform(call)
        self.calls += 1
        if comparable(theirs) != comparable(ours):
            self.differ(call, theirs, ours)
            return None
        self.errors += "error" in theirs
        return theirs

    def differ(self, call, theirs, ours) -> None:
        self.differences.append(
            f"call {self.calls}: {short(call)}\n  umadb:     {short(theirs)}\n  wordweave: {short(ours)}"
        )

    @property
    def is_enough(self) -> bool:
        return len(self.differences) >= ENOUGH


class Standing:
    """A subscription on each server that stays open through the whole history."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.after = 0
        self.items = [[[TYPES[0], TYPES[2]], []], [[], ["red"]]]
        self.both = [
            iter(server.clients[0].subscribe(query(self.items)))
            for server in (comparison.umadb, comparison.wordweave)
        ]

    def catch_up(self, head: int) -> None:
        """Takes from both what a read finds up to the head."""
        found = self.comparison.compare({"read": {"query": self.items, "start": self.after + 1}})
        if found is None:
            return
        for expected in found["answer"][0]:
            theirs, ours = (told(next(subscription)) for subscription in self.both)
            if not theirs == ours == expected:
                self.comparison.differ({"standing subscription": expected}, theirs, ours)
                return
        self.after = head


def comparable(outcome: dict) -> dict:
    """Texts of errors are each server's own, but for those that suites look for."""
    message = outcome.get("message", "")
    known = [text for text in ("non-increasing tracking position",) if text in message]
    return {key: value for key, value in outcome.items() if key != "message"} | {"known": known}


def short(value) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 1500 else text[:1500] + "…"


def run_history(comparison: Comparison, seed: int, calls: int) -> int:
    history = History(seed)
    standing = Standing(comparison)
    for index in range(calls):
        call = history.next()
        outcome = comparison.compare(call)
        if outcome is not None:
            history.answered(call, outcome)
        if index % 50 == 49:
            standing.catch_up(history.head)
        if comparison.is_enough:
            return history.head
    # Both logs from the beginning to the end and back.
    for start in range(1, history.head + 1, PAGE):
        comparison.compare({"read": {"start": start, "limit": PAGE}})
        comparison.compare({"read": {"start": start, "limit": PAGE, "backwards": True}})
    return history.head


def run_edges(comparison: Comparison) -> None:
    """Calls that a random history hardly makes."""
    for call in entries("edges.json"):
        if not comparison.is_enough:
            comparison.compare(call)


def run_differences(comparison: Comparison, umadb: Server, wordweave: Server) -> int:
    """Performs each written difference; both servers must answer as written."""
    written = entries("differences.json")
    for entry in written:
        call = entry["call"]
        theirs, ours = umadb.perform(call), wordweave.perform(call)
        if not (fits(theirs, entry["umadb"]) and fits(ours, entry["wordweave"])):
            comparison.differ({"written": entry["name"]} | call, theirs, ours)
    return len(written)


def entries(name: str) -> list:
    return json.loads(pathlib.Path(__file__).with_name(name).read_text())


def fits(outcome: dict, written: dict) -> bool:
    """Whether an outcome is as written; the answer "any" stands for every answer."""
    if written.get("answer") == "any":
        return "answer" in outcome
    return all(outcome.get(key) == value for key, value in written.items())


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--umadb", required=True)
    parser.add_argument("--wordweave", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", type=int, default=3000)
    options = parser.parse_args()
    began = time.monotonic()
    umadb, wordweave = Server(options.umadb), Server(options.wordweave)
    comparison = Comparison(umadb, wordweave)
    head = run_history(comparison, options.seed, options.calls)
    run_edges(comparison)
    written = run_differences(comparison, umadb, wordweave)
    for difference in comparison.differences:
        print(difference)
    print(
        f"seed {options.seed}: {comparison.calls} calls, {comparison.errors} refused alike,"
        f" {head} events, {written} written differences, {len(comparison.differences)} others,"
        f" {time.monotonic() - began:.1f} s"
    )
    return 1 if comparison.differences else 0


if __name__ == "__main__":
    sys.exit(main())
