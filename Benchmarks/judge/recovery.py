"""G7: killed under load, how long until it serves again."""
import statistics
import subprocess
import time

from . import load, machine, servers
from .appends import fill
from .rounds import say

WANTED_SECONDS = 2.0
WANTED_GROWTH = 1.2
# Enough to leave a tail that was not written out; the load outlasts the server.
LOAD_SECONDS = 5
LOAD = {"clients": 16, "events": 10, "seconds": 600}
# The first start after a kill and the last differ little, but one alone is chance.
KILLS = 3


def run(goals, folder, settings, verdicts):
    pair = servers.pair(folder, settings.library)
    medians = {}
    print("\n| events | side | seconds until SERVING, median (range) | resident MiB |\n|---|---|---|---|",
          flush=True)
    try:
        for events in (settings.filled, settings.recovered):
            for server in pair:
                with server:
                    fill(server, events, settings)
                took, resident = recover(server, settings)
                medians[server.name, events] = statistics.median(took)
                print(f"| {events:,} | {server.name} | {statistics.median(took):.3f} "
                      f"({min(took):.3f}–{max(took):.3f}) | {resident:.0f} |", flush=True)
                verdicts.records.append(
                    {"goal": "g7", "side": server.name, "events": events, "seconds": took})
    finally:
        for server in pair:
            server.kill()
    few = medians[servers.WordWeave.name, settings.filled]
    many = medians[servers.WordWeave.name, settings.recovered]
    verdicts.judge(f"G7, {settings.filled:,} events", f"≤ {WANTED_SECONDS:g} s", f"{few:.2f} s",
                   few <= WANTED_SECONDS)
    verdicts.judge(f"G7, {settings.recovered:,} events", f"≤ {WANTED_SECONDS:g} s", f"{many:.2f} s",
                   many <= WANTED_SECONDS)
    verdicts.judge(f"G7, {settings.recovered:,} by {settings.filled:,} events", f"≤ {WANTED_GROWTH}",
                   f"{many / few:.2f}", many / few <= WANTED_GROWTH)


def recover(server, settings):
    """Kills the server under load and starts it again, some times over."""
    took = []
    server.start()
    try:
        for kill in range(KILLS):
            words = load.command(server.port, "append", **LOAD,
                                 **(settings.of_load() | {"seed": settings.seed + kill + 1}))
            with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
                try:
                    time.sleep(min(LOAD_SECONDS, settings.seconds))
                    if client.poll() is not None:
                        raise servers.Trouble(f"the load on {server.name} ended before the kill")
                    server.kill()
                finally:
                    client.kill()
            took.append(server.start())
            say(f"   {server.name} serves {took[-1]:.3f} s after kill -9")
        return took, machine.resident_mebibytes(server.process.pid)
    finally:
        server.stop()
