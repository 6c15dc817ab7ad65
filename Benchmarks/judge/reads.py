"""G3: one reader over the whole log, and readers by tag."""
from .appends import alternate, filled_pair
from .ceiling import Disk

READERS_BY_TAG = 8
WANTED = 1.0


def run(goals, folder, settings, verdicts):
    disk = Disk(folder, settings.probes)
    with filled_pair(folder, settings) as pair:
        for title, options in (
            ("one reader over the whole log", {"clients": 1}),
            (f"{READERS_BY_TAG} readers by tag", {"clients": READERS_BY_TAG, "by_tag": True}),
        ):
            comparison = alternate(title, pair, settings, disk, "read", **options)
            print(comparison.table(), flush=True)
            verdicts.records.append(comparison.record() | {"goal": "g3"})
            ratios = comparison.ratios()
            verdicts.judge(f"G3, {title}", "≥ 1 × UmaDB",
                           f"{comparison.ratio():.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
                           comparison.ratio() >= WANTED)
