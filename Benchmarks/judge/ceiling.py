"""With k appends under way and s seconds a sync no store passes k / s."""
import statistics

from . import machine
from .rounds import say

# A goal above this part of the ceiling is judged with more appends under way.
PART = 0.7
# As many on each client then.
IN_FLIGHT = 8


class Disk:
    """What syncs cost in the folder of the data, asked between the rounds."""

    def __init__(self, folder, syncs):
        self.folder = folder
        self.syncs = syncs
        self.took = []

    def probe(self):
        self.took += machine.probe(self.folder, self.syncs)

    @property
    def p50(self):
        return machine.percentile(self.took, 50)

    def ceiling(self, under_way):
        """Appends per second."""
        return under_way / (self.p50 / 1000) if self.took else float("inf")

    def sentence(self, under_way):
        return (f"fdatasync by probe: p50 {self.p50:.2f} ms, p95 {machine.percentile(self.took, 95):.2f} ms; "
                f"ceiling with {under_way} appends under way {self.ceiling(under_way):,.0f}/s")


def is_above(goal, comparison, disk, clients, events):
    """Whether the goal, as a rate of appends, is too near the ceiling to be judged one by one."""
    wanted = goal * comparison.median(comparison.sides[1], "rate") / events
    ceiling = disk.ceiling(clients)
    say(f"   {disk.sentence(clients)}; the goal asks for {wanted:,.0f}/s")
    return wanted > PART * ceiling
