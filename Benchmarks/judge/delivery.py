"""G6: from an append to its subscribers."""
from .appends import alternate, filled_pair
from .ceiling import Disk

# Appends per second: steady, and as many for both, so that neither waits for its own backlog.
RATE_FOR_ONE = 100
RATE_FOR_MANY = 5
WANTED = 1.5


def run(goals, folder, settings, verdicts):
    disk = Disk(folder, settings.probes)
    with filled_pair(folder, settings) as pair:
        for subscribers, rate in ((1, RATE_FOR_ONE), (settings.subscribers, RATE_FOR_MANY)):
            title = f"append → subscriber, {subscribers:,} of them, {rate} appends a second"
            comparison = alternate(title, pair, settings, disk, "deliver", clients=subscribers, rate=rate)
            print(comparison.table(), flush=True)
            verdicts.records.append(comparison.record() | {"goal": "g6"})
            ratios = comparison.ratios("p99")
            verdicts.judge(f"G6, {subscribers:,} subscribers, p99", "≤ 1.5 × UmaDB",
                           f"{comparison.ratio('p99'):.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
                           comparison.ratio("p99") <= WANTED)
