"""What the machine tells: processor time, bytes on disk, what a sync costs."""
import os
import pathlib
import socket
import time

TICKS = os.sysconf("SC_CLK_TCK")
# A block as `append` commits would write it.
PROBE_BYTES = 4096


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def percentile(values, percent):
    """By the nearest rank; 0 without values."""
    ranked = sorted(values)
    if not ranked:
        return 0.0
    return ranked[min(max(-(-percent * len(ranked) // 100), 1), len(ranked)) - 1]


def slow_syncs(milliseconds):
    """Makes syncs of every server begun from now on take at least so long: see sync_counter.c."""
    os.environ["WEAVE_SYNC_FLOOR_US"] = str(round(milliseconds * 1000))


def probe(folder, syncs):
    """Milliseconds that a write of a block and its fdatasync take, while nothing else runs."""
    floor = int(os.environ.get("WEAVE_SYNC_FLOOR_US", 0)) / 1000
    path = pathlib.Path(folder) / "probe"
    took = []
    file = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        block = os.urandom(PROBE_BYTES)
        # Written once before: overwriting changes no metadata, as in a preallocated log.
        os.write(file, block * syncs)
        os.fsync(file)
        for place in range(syncs):
            began = time.monotonic()
            os.pwrite(file, block, place * PROBE_BYTES)
            os.fdatasync(file)
            took.append(max((time.monotonic() - began) * 1000, floor))
    finally:
        os.close(file)
        path.unlink()
    return took


def descendants(pid):
    """The process and all that it began."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def processor_seconds(pid):
    """Of the process and its children, those that ended included."""
    ticks = 0
    for one in descendants(pid):
        try:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS


def resident_mebibytes(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def bytes_on_disk(folder):
    """Blocks that the files take, which is less than their length where they have holes."""
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(base, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


def description():
    model = "unknown processor"
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
    memory = next(line.split()[1] for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    return (f"{os.cpu_count()} cores ({model}), {int(memory) >> 20} GiB, Linux {os.uname().release}, "
            f"load {os.getloadavg()[0]:.1f} at the start")
