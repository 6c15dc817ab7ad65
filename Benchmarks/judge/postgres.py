"""G4 and G5: the Postgres engine beside the usual ways, in one program over one libpq."""
import os
import pathlib
import subprocess

from . import load, servers, syncs
from .ceiling import IN_FLIGHT, PART, Disk, is_above
from .rounds import Comparison

CLIENTS = 64
OURS = "engine"
# goal: its yardsticks with what each is and the ratio of rates; without one it is told and not judged.
GOALS = {
    "g4": [("category", "one commit an append under a category's lock", 10.0)],
    "g5": [("xid8", "unserialised single inserts with pg_current_xact_id", 4.0),
           ("asked", "the same with types and tags indexed", None)],
}


class Postgres:
    """A server of the system's packages, private to the run, that counts its syncs."""

    def __init__(self, folder, library):
        self.folder = pathlib.Path(folder).resolve() / "postgres"
        self.counter = syncs.Counter(pathlib.Path(folder) / "postgres.syncs", library)

    def _server(self, action):
        return subprocess.run(
            [str(servers.ROOT / "ops/dev/server"), action, "postgres", "--dir", str(self.folder)],
            env=self._environment(), check=True, capture_output=True, text=True).stdout

    def _environment(self):
        return os.environ | self.counter.environment

    def __enter__(self):
        self.url = self._server("start").strip().splitlines()[-1]
        self.pid = int((self.folder / "data/postmaster.pid").read_text().splitlines()[0])
        return self

    def __exit__(self, *_):
        self._server("stop")


def command(url, side, settings, **options):
    words = [load.program("PostgresAppends"), side, "--url", url, "--bytes", str(settings.bytes)]
    for name, value in options.items():
        words += ["--" + name.replace("_", "-"), str(value)]
    return words


def compare(server, yardstick, settings, disk, in_flight):
    comparison = Comparison(
        f"appends to Postgres of {CLIENTS} clients × 1, {in_flight} under way each", [OURS, yardstick])
    for _ in range(settings.rounds):
        for side in comparison.sides:
            disk.probe()
            words = command(server.url, side, settings, clients=CLIENTS, in_flight=in_flight,
                            warm_up=settings.warm_up, seconds=settings.seconds)
            comparison.add(side, load.measured(
                words, server.pid, server.counter, settings.warm_up + settings.seconds))
    return comparison


def run(goals, folder, settings, verdicts):
    disk = Disk(folder, settings.probes)
    with Postgres(folder, settings.library) as server:
        for side in [OURS] + [yardstick for goal in goals for yardstick, _, _ in GOALS[goal]]:
            subprocess.run(command(server.url, side, settings, fill=settings.filled), check=True,
                           stdout=subprocess.DEVNULL, timeout=load.LONGEST_SECONDS)
        for goal in goals:
            for yardstick, sentence, wanted in GOALS[goal]:
                judge(goal, yardstick, sentence, wanted, server, settings, disk, verdicts)


def judge(goal, yardstick, sentence, wanted, server, settings, disk, verdicts):
    judged = compare(server, yardstick, settings, disk, 1)
    comparisons = [judged]
    asked = f"≥ {wanted:g} × {sentence}" if wanted else f"beside {sentence}, not judged"
    if wanted and is_above(wanted, judged, disk, CLIENTS, 1):
        asked += f" ({IN_FLIGHT} in flight each: above {PART} of the ceiling)"
        judged = compare(server, yardstick, settings, disk, IN_FLIGHT)
        comparisons.append(judged)
    for comparison in comparisons:
        print(comparison.table(), flush=True)
        verdicts.records.append(comparison.record() | {"goal": goal})
    print(disk.sentence(CLIENTS), flush=True)
    ratios = judged.ratios()
    found = f"{judged.ratio():.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
    if wanted:
        verdicts.judge(f"{goal.upper()}, {CLIENTS} × 1", asked, found, judged.ratio() >= wanted)
    else:
        print(f"{goal.upper()}, {asked}: {found}", flush=True)
