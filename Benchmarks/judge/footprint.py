"""G8: bytes on disk for an event."""
import dataclasses
import time

from . import machine, servers
from .appends import fill
from .rounds import say

WANTED = 1.0
# Background work that the fill left behind is done, or at least no longer seen to change anything.
REST_SECONDS = 10
LONGEST_REST_SECONDS = 300


def run(goals, folder, settings, verdicts):
    print("\n| data | side | bytes per event, running | stopped |\n|---|---|---|---|", flush=True)
    for kind in ("noise", "text"):
        sizes = {}
        for server in servers.pair(f"{folder}/{kind}", settings.library):
            try:
                with server:
                    fill(server, settings.stored, dataclasses.replace(settings, text=kind == "text"))
                    running = settled(server.folder)
                stopped = machine.bytes_on_disk(server.folder)
            finally:
                server.kill()
            sizes[server.name] = running / settings.stored
            print(f"| {kind} | {server.name} | {running / settings.stored:.0f} "
                  f"| {stopped / settings.stored:.0f} |", flush=True)
            verdicts.records.append({"goal": "g8", "data": kind, "side": server.name,
                                     "events": settings.stored, "running": running, "stopped": stopped})
        ratio = sizes[servers.WordWeave.name] / sizes[servers.UmaDB.name]
        verdicts.judge(f"G8, {settings.stored:,} events of {kind}", "≤ 1 × UmaDB", f"{ratio:.2f}",
                       ratio <= WANTED)


def settled(folder):
    """Bytes on disk once they stay the same."""
    before, waited = machine.bytes_on_disk(folder), 0
    while waited < LONGEST_REST_SECONDS:
        time.sleep(REST_SECONDS)
        waited += REST_SECONDS
        now = machine.bytes_on_disk(folder)
        if now == before:
            return now
        before = now
    say(f"   {folder} still changes after {waited} s")
    return before
