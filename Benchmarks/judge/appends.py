"""G1 and G2: durable appends behind `umadb.v1`."""
import contextlib

from . import load, servers
from .ceiling import IN_FLIGHT, PART, Disk, is_above
from .rounds import Comparison, say

# goal: clients, events of an append, ratio of rates.
GOALS = {"g1": (64, 1, 2.0), "g2": (16, 1000, 1.5)}
FILL = {"clients": 4, "events": 1000}


def fill(server, events, settings):
    """By thousands, before anything is measured."""
    head = int(load.run(server.port, "head")["head"])
    if head < events:
        told = load.run(server.port, "fill", total=events - head, **FILL, **settings.of_load())
        say(f"   {server.name} holds {events:,} events, filled at {told['events'] / told['seconds']:,.0f}/s")


@contextlib.contextmanager
def filled_pair(folder, settings):
    """Two servers with their logs filled, stopped."""
    pair = servers.pair(folder, settings.library)
    try:
        for server in pair:
            with server:
                fill(server, settings.filled, settings)
        yield pair
    finally:
        for server in pair:
            server.kill()


def alternate(title, pair, settings, disk, work, **options):
    """Only the side whose turn it is runs; it begins anew each time, on the log as it is."""
    comparison = Comparison(title, [server.name for server in pair])
    for turn in range(settings.rounds):
        for server in pair:
            disk.probe()
            with server:
                seeded = settings.of_load() | {"seed": settings.seed + 1000 * (turn + 1)}
                words = load.command(server.port, work, warm_up=settings.warm_up,
                                     seconds=settings.seconds, **options, **seeded)
                comparison.add(server.name, load.measured(
                    words, server.process.pid, server.counter, settings.warm_up + settings.seconds))
    return comparison


def run(goals, folder, settings, verdicts):
    disk = Disk(folder, settings.probes)
    with filled_pair(folder, settings) as pair:
        for goal in goals:
            clients, events, wanted = GOALS[goal]
            judged = compare(pair, settings, disk, clients, events, 1)
            comparisons = [judged]
            asked = f"≥ {wanted} × UmaDB"
            if is_above(wanted, judged, disk, clients, events):
                asked += f" ({IN_FLIGHT} in flight each: above {PART} of the ceiling)"
                judged = compare(pair, settings, disk, clients, events, IN_FLIGHT)
                comparisons.append(judged)
            for comparison in comparisons:
                print(comparison.table(), flush=True)
                verdicts.records.append(comparison.record() | {"goal": goal})
            print(disk.sentence(clients), flush=True)
            ratios = judged.ratios()
            verdicts.judge(f"{goal.upper()}, {clients} × {events:,}", asked,
                           f"{judged.ratio():.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
                           judged.ratio() >= wanted)
            verdicts.judge(f"{goal.upper()}, p99", "≤ 1 × UmaDB", f"{judged.ratio('p99'):.2f}",
                           judged.ratio("p99") <= 1)


def compare(pair, settings, disk, clients, events, in_flight):
    title = f"appends of {clients} clients × {events:,}, {in_flight} under way each"
    return alternate(title, pair, settings, disk, "append", clients=clients, events=events,
                     in_flight=in_flight)
