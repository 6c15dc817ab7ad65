"""Sides in turns (A B A B A B), and what comes of them."""
import statistics
import sys


def say(text):
    print(text, file=sys.stderr, flush=True)


class Comparison:
    """Two sides' rounds of one workload."""

    def __init__(self, title, sides):
        self.title = title
        self.sides = sides
        self.rounds = {side: [] for side in sides}

    def add(self, side, result):
        self.rounds[side].append(result)
        say(f"   {self.title}, {side}: {result['rate']:,.0f}/s, p50 {result['p50']:.2f} "
            f"p95 {result['p95']:.2f} p99 {result['p99']:.2f} ms, cores {result['server_cores']:.2f} "
            f"+ {result['client_cores']:.2f}, {result['syncs_per_second']:,.0f} syncs/s")

    def median(self, side, member):
        return statistics.median(result[member] for result in self.rounds[side])

    def ratios(self, member="rate"):
        """Of each round: ours by the other."""
        ours, other = (self.rounds[side] for side in self.sides)
        return [a[member] / b[member] if b[member] else float("inf") for a, b in zip(ours, other)]

    def ratio(self, member="rate"):
        return statistics.median(self.ratios(member))

    def rows(self):
        for side in self.sides:
            row = {member: self.median(side, member) for member in (
                "rate", "p50", "p95", "p99", "server_cores", "client_cores",
                "client_microseconds", "syncs_per_second")}
            row["syncs"] = {percent: statistics.median(
                result["syncs"][percent] for result in self.rounds[side]) for percent in ("p50", "p95")}
            yield side, row

    def table(self):
        lines = [
            f"\n{self.title}\n",
            "| side | rate/s | p50 ms | p95 ms | p99 ms | server cores | client cores "
            "| client µs a call | syncs/s | its syncs p50, p95 ms |",
            "|---|---|---|---|---|---|---|---|---|---|"]
        for side, row in self.rows():
            lines.append(
                f"| {side} | {row['rate']:,.0f} | {row['p50']:.2f} | {row['p95']:.2f} | {row['p99']:.2f} "
                f"| {row['server_cores']:.2f} | {row['client_cores']:.2f} "
                f"| {row['client_microseconds']:.0f} | {row['syncs_per_second']:,.0f} | {row['syncs']['p50']:.2f}, {row['syncs']['p95']:.2f} |")
        ratios = self.ratios()
        lines.append(f"\nratio of rates: {self.ratio():.2f} ({min(ratios):.2f}–{max(ratios):.2f}), "
                     f"of p99: {self.ratio('p99'):.2f}")
        return "\n".join(lines)

    def record(self):
        return {"title": self.title, "rounds": self.rounds, "ratio": self.ratio(),
                "ratio_p99": self.ratio("p99")}


class Verdicts:
    """What was asked and what was found, in the order it was."""

    def __init__(self):
        self.lines = []
        self.records = []

    def judge(self, goal, wanted, found, is_reached):
        self.lines.append((goal, wanted, found, is_reached))
        say(f"   {goal}: wanted {wanted}, found {found}: {'reached' if is_reached else 'NOT reached'}")

    def table(self):
        lines = ["\n| goal | must reach | found | reached |", "|---|---|---|---|"]
        lines += [f"| {goal} | {wanted} | {found} | {'yes' if reached else 'no'} |"
                  for goal, wanted, found, reached in self.lines]
        return "\n".join(lines)
